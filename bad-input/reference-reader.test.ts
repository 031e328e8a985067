import { describe, expect, it } from 'vitest'
import { readRequests } from './reference-reader.ts'
import { request } from './request-case.ts'

const post = (...fields: string[]) => request('POST /a HTTP/1.1', 'Host: x', ...fields)
const next = request('GET /b HTTP/1.1', 'Host: x')
const read = (bytes: string) => {
  const { requests, end } = readRequests(bytes)
  return [requests.map(({ method, target, body }) => `${method} ${target} ${body}`.trim()), end]
}

describe('the reference reading', () => {
  it('reads lengths, chunks, extensions and trailers', () => {
    expect(read(`\r\n${post('Content-Length: 3')}abc${next}`)).toEqual([['POST /a abc', 'GET /b'], 'all'])
    const chunks = '3;x="y"\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n'
    expect(read(post('Transfer-Encoding: chunked') + chunks + next)).toEqual([['POST /a abcde', 'GET /b'], 'all'])
  })

  it.each([
    ['a body that is not whole', post('Content-Length: 999'), 'incomplete'],
    ['chunks that are not whole', `${post('Transfer-Encoding: chunked')}fff\r\n`, 'incomplete'],
    ['two lengths', `${post('Content-Length: 3', 'Content-Length: 3')}abc`, 'malformed'],
    ['a length and chunks', `${post('Content-Length: 3', 'Transfer-Encoding: chunked')}0\r\n\r\n`, 'malformed'],
    ['a folded line', `${post('X: a\r\n b')}`, 'malformed'],
    ['a bare LF', 'GET /a HTTP/1.1\nHost: x\r\n\r\n', 'malformed'],
    ['a chunk size with 0x', `${post('Transfer-Encoding: chunked')}0x3\r\nabc\r\n0\r\n\r\n`, 'malformed'],
    ['a chunk that a bare LF ends', `${post('Transfer-Encoding: chunked')}3\r\nabc\n0\r\n\r\n`, 'malformed'],
  ])('stops at %s', (_, bytes, end) => {
    expect(read(bytes + next)).toEqual([[], end])
  })
})
