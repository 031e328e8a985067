import { describe, expect, it } from 'vitest'
import { type AccessEntry, cutMark, formatEntry } from './access-log-format.ts'

const endedMs = Date.UTC(2026, 10, 3, 2, 5, 3, 412)
const entry = (headers: AccessEntry['request']['headers'] = {}, changes: Partial<AccessEntry> = {}): AccessEntry => ({
  request: {
    method: 'GET',
    url: '/live/show/v1/7.m4s?x=1',
    httpVersion: '1.1',
    headers,
    socket: { remoteAddress: '127.0.0.1' },
  },
  id: 'p12-3',
  status: 200,
  bodyBytes: 100_000,
  arrivedMs: endedMs - 412.3,
  waitedMs: 398.2,
  reason: 'fill-miss',
  ...changes,
})
const combined = (of: AccessEntry, cacheWord?: string) => formatEntry('combined', { entry: of, endedMs, cacheWord })

describe('an access log line', () => {
  it("is nginx's combined format and the cache's fields", () => {
    const headers = { referer: 'https://a.example/', 'user-agent': 'player/1' }
    expect(combined(entry(headers), 'MISS')).toBe(
      '127.0.0.1 - - [03/Nov/2026:02:05:03 +0000] "GET /live/show/v1/7.m4s?x=1 HTTP/1.1" 200 100000 ' +
        '"https://a.example/" "player/1" rt=0.412 uht=0.398 ucs=MISS reason=fill-miss rid=p12-3 msec=1793671503.412',
    )
  })

  it('says - for what there is not', () => {
    const line = combined(entry({}, { waitedMs: undefined, reason: 'refused-method' }))
    expect(line).toContain(' 200 100000 "-" "-" rt=0.412 uht=- ucs=- reason=refused-method ')
    const gone = entry()
    const request = { ...gone.request, socket: {} }
    expect(combined({ ...gone, request })).toMatch(/^- - - \[/)
  })

  // What nginx 1.22 wrote for the same bytes in a User-Agent.
  it.each([
    ['a"b', String.raw`a\x22b`],
    ['a\\b', String.raw`a\x5Cb`],
    ['tab\there', String.raw`tab\x09here`],
    ['\u00e9\u00ff', String.raw`\xE9\xFF`],
    ['\x7f', String.raw`\x7F`],
    ["plain '[]{}~ text", "plain '[]{}~ text"],
    ['', ''],
  ])('escapes %j as nginx does', (given, written) => {
    expect(combined(entry({ 'user-agent': given }))).toContain(` "${written}" rt=`)
  })

  it('is JSON without what has no value', () => {
    const line = formatEntry('json', { entry: entry({ 'user-agent': 'a"b\n' }), endedMs, cacheWord: 'MISS' })
    expect(line).not.toContain('\n')
    expect(JSON.parse(line)).toEqual({
      time: '2026-11-03T02:05:02.999Z',
      atMs: endedMs - 412.3,
      client: '127.0.0.1',
      method: 'GET',
      path: '/live/show/v1/7.m4s?x=1',
      protocol: 'HTTP/1.1',
      status: 200,
      bytes: 100_000,
      userAgent: 'a"b\n',
      tookMs: 412.3,
      waitedMs: 398.2,
      cache: 'MISS',
      reason: 'fill-miss',
      id: 'p12-3',
    })
  })

  it('marks a log that was cut in its own format', () => {
    expect(cutMark('combined', 2_000)).toBe('# cut at 2000 bytes')
    expect(JSON.parse(cutMark('json', 2_000))).toEqual({ log: 'cut', limitBytes: 2_000 })
  })
})
