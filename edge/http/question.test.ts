import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { questionOf, siblingFields } from './question.ts'

const request = (headers: Record<string, string>, url = '/live/e/v1/7.m4s', method = 'GET') =>
  ({ headers, url, method }) as unknown as IncomingMessage

describe('questionOf', () => {
  it('takes a player for a player, and nothing of its fields for a live object', () => {
    expect(questionOf(request({ host: 'x', cookie: 'a=1', range: 'bytes=0-1' }), 'a1')).toEqual({
      method: 'GET',
      path: '/live/e/v1/7.m4s',
    })
  })

  it('takes an address for what it is, whatever is hung onto it', () => {
    expect(questionOf(request({}, '/live/e/v1/7.m4s?CMCD=br%3D3200&t=1'), 'a1')).toEqual({
      method: 'GET',
      path: '/live/e/v1/7.m4s',
    })
  })

  it('hands on what RFC 9111 cares about for everything else', () => {
    const headers = {
      host: 'x',
      connection: 'keep-alive, x-hop',
      'x-hop': '1',
      'cache-control': 'no-cache',
      authorization: 'Basic a',
      range: 'bytes=0-1',
      expect: '100-continue',
      'x-request-id': 'p1-1',
    }
    expect(questionOf(request(headers, '/page?x=1', 'HEAD'), 'a1')).toEqual({
      method: 'HEAD',
      path: '/page?x=1',
      headers: { 'cache-control': 'no-cache', authorization: 'Basic a' },
    })
  })

  it('knows a sibling, what it asked for and how long it waits', () => {
    const fields = { ...siblingFields('a2', 2_000), 'live-version': '3;sequence=2' }
    expect(questionOf(request(fields), 'a1')).toMatchObject({
      sibling: { edge: 'a2', asked: { version: 3, sequence: 2 }, boundMs: 1_900 },
    })
  })

  it.each([
    ['no wait', { 'cdn-loop': 'tidegate;edge="a2"' }],
    ['a wait that is no number', { 'cdn-loop': 'tidegate;edge="a2"', 'live-wait-ms': '1e9' }],
    ['a wait beyond the bound', { 'cdn-loop': 'tidegate;edge="a2"', 'live-wait-ms': '99999' }],
  ])('keeps the bound for a sibling that says %s', (_, fields) => {
    expect(questionOf(request(fields), 'a1')).toMatchObject({
      sibling: { asked: { version: 0, sequence: 0 }, boundMs: 3_500 },
    })
  })

  it.each([
    ['this edge', 'tidegate;edge="a1"'],
    ['two edges', 'tidegate;edge="a2", tidegate;edge="a3"'],
    ['this edge behind others', 'other.example, tidegate;edge="a1";x=1'],
  ])('refuses what has gone through %s', (_, field) => {
    expect(questionOf(request({ 'cdn-loop': field }), 'a1')).toBe('loop')
  })

  it.each(['other.example:80;x="y"', 'no list (', '"tidegate"'])('takes %s for no mark of its own', field => {
    expect(questionOf(request({ 'cdn-loop': field }), 'a1')).not.toHaveProperty('sibling')
  })
})
