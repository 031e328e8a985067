import { request } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import type { Command } from './commands.ts'
import { EventStreams } from './event-stream.ts'
import { type Show, type ShowServer, serveShow } from './server.ts'
import { NotNow } from './session.ts'

const commands: Command[] = []
const streams = new EventStreams()
const show: Show = {
  streams,
  page: async () => ({ html: '<!doctype html><title>page</title>', policy: "default-src 'none'" }),
  script: async path => (path === '/player-hls.js' ? 'void 0' : undefined),
  greeting: () => ['{"is":"before"}'],
  download: async () => undefined,
  async command(command) {
    if (command.do === 'start') throw new NotNow('the scenario is running')
    commands.push(command)
  },
}
let server: ShowServer
let base: URL
let cookie: string

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly body?: string
}

function ask({ method = 'GET', path = '/', headers = {}, body }: Asked) {
  return new Promise<{ status: number; headers: Record<string, string | string[] | undefined>; text: string }>(
    (done, fail) => {
      const asking = request({
        host: '127.0.0.1',
        port: base.port,
        method,
        path,
        headers: { host: base.host, ...headers },
      })
      asking.on('error', fail)
      asking.on('response', response => {
        let text = ''
        response.setEncoding('utf8').on('data', chunk => {
          text += chunk
        })
        response.on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers, text }))
      })
      asking.end(body)
    },
  )
}

const commandOf = (command: unknown, headers: Record<string, string> = {}): Asked => ({
  method: 'POST',
  path: '/command',
  headers: { cookie, origin: base.origin, 'content-type': 'application/json', ...headers },
  body: typeof command === 'string' ? command : JSON.stringify(command),
})

beforeAll(async () => {
  server = await serveShow(show, 0)
  base = new URL(server.url)
  const { headers } = await ask({ path: base.pathname + base.search })
  cookie = String(headers['set-cookie']).split(';')[0] as string
})
afterAll(() => server.close())

describe('who may watch', () => {
  it('exchanges the token for a cookie that scripts cannot read and other sites do not send', async () => {
    const { status, headers } = await ask({ path: base.pathname + base.search })
    expect([status, headers.location]).toEqual([303, '/'])
    expect(String(headers['set-cookie'])).toMatch(/^tidegate-\d+=[0-9a-f]{48}; HttpOnly; SameSite=Strict; Path=\/$/)
    expect(String(headers['set-cookie'])).not.toContain(base.searchParams.get('token'))
  })

  it.each([
    ['nothing', {}],
    ['another cookie', { cookie: 'tidegate-1=00' }],
  ])('refuses everything to who has %s', async (_, headers) => {
    for (const path of ['/', '/events', '/player-hls.js', '/session.ndjson', '/?token=wrong']) {
      expect((await ask({ path, headers })).status).toBe(401)
    }
  })

  it('refuses a name that was rebound to this machine', async () => {
    const evil = { cookie, host: `evil.example:${base.port}` }
    expect((await ask({ headers: evil })).status).toBe(421)
    expect((await ask({ path: base.pathname + base.search, headers: { host: evil.host } })).headers['set-cookie']).toBe(
      undefined,
    )
  })

  it('sends the page with its policy, and scripts that are nothing else', async () => {
    const page = await ask({ headers: { cookie } })
    expect([page.status, page.headers['content-security-policy']]).toEqual([200, "default-src 'none'"])
    const script = await ask({ path: '/player-hls.js', headers: { cookie } })
    expect([script.status, script.headers['x-content-type-options']]).toEqual([200, 'nosniff'])
    expect((await ask({ path: '/../etc/passwd', headers: { cookie } })).status).toBe(400)
    expect((await ask({ path: '/elsewhere', headers: { cookie } })).status).toBe(404)
  })
})

describe('who may command', () => {
  it('takes a command from its own page', async () => {
    expect((await ask(commandOf({ do: 'reset' }))).status).toBe(204)
    expect(commands).toEqual([{ do: 'reset' }])
  })

  it.each([
    ['another origin', { origin: 'http://evil.example' }, 403],
    ['another port of this machine', { origin: 'http://127.0.0.1:1' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
    ['who has no cookie', { cookie: '' }, 401],
    ['a form', { 'content-type': 'text/plain' }, 415],
  ])('refuses %s', async (_, headers, status) => {
    const before = commands.length
    expect((await ask(commandOf({ do: 'reset' }, headers))).status).toBe(status)
    expect(commands.length).toBe(before)
  })

  it.each([
    ['no JSON', '{', 400, 'not JSON'],
    ['an unknown command', { do: 'rm' }, 400, 'do'],
    ['an unknown field', { do: 'reset', more: 1 }, 400, 'more'],
    ['too many viewers', { do: 'players', players: limits.demoPlayers + 1 }, 400, 'players'],
    ['too large a body', 'x'.repeat(limits.demoCommandBytes + 1), 413, 'bytes'],
    ['what is not possible now', { do: 'start' }, 409, 'the scenario is running'],
  ])('answers %s with what is wrong', async (_, command, status, words) => {
    const before = commands.length
    const answer = await ask(commandOf(command))
    expect(answer.status).toBe(status)
    expect(answer.text).toContain(words)
    expect(commands.length).toBe(before)
  })
})

describe('events', () => {
  const opened: ReturnType<typeof request>[] = []
  afterAll(() => {
    for (const one of opened) one.destroy()
  })
  const watch = () =>
    new Promise<{ status: number; next: (words: string) => Promise<string> }>(done => {
      const asking = request({
        host: '127.0.0.1',
        port: base.port,
        path: '/events',
        headers: { host: base.host, cookie },
      })
      opened.push(asking)
      asking.on('error', () => undefined)
      asking.on('response', response => {
        let text = ''
        const changed = new EventTarget()
        response.setEncoding('utf8').on('data', chunk => {
          text += chunk
          changed.dispatchEvent(new Event('data'))
        })
        const next = async (words: string) => {
          while (!text.includes(words))
            await new Promise(seen => changed.addEventListener('data', seen, { once: true }))
          return text
        }
        done({ status: response.statusCode ?? 0, next })
      })
      asking.end()
    })

  it('begin with what was before, and say when to come back', async () => {
    const { next } = await watch()
    expect(await next('"before"')).toBe('retry: 500\n\ndata: {"is":"before"}\n\n')
    streams.tell('{"is":"update"}')
    expect(await next('"update"')).toContain('data: {"is":"update"}\n\n')
  })

  it('are for so many at once', async () => {
    const all = await Promise.all(Array.from({ length: limits.demoWatchers }, watch))
    expect(all.at(-1)?.status).toBe(503)
    expect(streams.count).toBe(limits.demoWatchers)
  })

  it('do not pile up for a page that does not take them', async () => {
    const slow = request({ host: '127.0.0.1', port: base.port, path: '/events', headers: { host: base.host, cookie } })
    opened[0]?.destroy()
    await new Promise<void>(done => {
      const poll = () => (streams.count < limits.demoWatchers ? done() : setImmediate(poll))
      poll()
    })
    const gone = new Promise<void>(done => {
      slow.on('error', () => done())
      slow.on('response', response => {
        response.pause()
        response.on('close', done)
        const tell = () => {
          streams.tell('x'.repeat(64 * 1_024))
          if (!response.destroyed && streams.count >= limits.demoWatchers) setImmediate(tell)
          else done()
        }
        tell()
      })
    })
    slow.end()
    await gone
    expect(streams.count).toBeLessThan(limits.demoWatchers)
    slow.destroy()
  })
})
