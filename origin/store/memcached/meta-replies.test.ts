import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { limits } from '../../../live/limits.ts'
import { MetaReplies, ProtocolError } from './meta-replies.ts'

const heard = (pieces: readonly Buffer[], wants = (_: string) => true) => {
  const said: string[] = []
  const replies = new MetaReplies({
    wants,
    value: (opaque, bytes) => said.push(`${opaque}=${Buffer.from(bytes).toString('latin1')}`),
    refused: text => said.push(`refused ${text}`),
    done: () => said.push('done'),
  })
  for (const piece of pieces) replies.push(piece)
  return said
}
const one = (text: string) => heard([Buffer.from(text, 'latin1')])

describe('the answers of memcached', () => {
  it('are the same however the stream is cut', () => {
    const bytes = fc.uint8Array({ maxLength: 40 }).map(each => Buffer.from(each))
    const value = bytes.map(each => ({
      text: Buffer.concat([Buffer.from(`VA ${each.length} O1.0 s9\r\n`), each, Buffer.from('\r\n')]),
      said: `1.0=${each.toString('latin1')}`,
    }))
    const other = fc.constantFrom(
      { text: Buffer.from('MN\r\n'), said: 'done' },
      { text: Buffer.from('NS O1.0\r\n'), said: 'refused NS O1.0' },
      { text: Buffer.from('SERVER_ERROR out of memory\r\n'), said: 'refused SERVER_ERROR out of memory' },
    )
    const answers = fc.array(fc.oneof(value, other), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(answers, fc.array(fc.nat(300), { maxLength: 10 }), (answers, cuts) => {
        const stream = Buffer.concat(answers.map(({ text }) => text))
        const at = [0, ...cuts.map(cut => cut % stream.length).toSorted((a, b) => a - b), stream.length]
        const pieces = at.slice(1).map((end, i) => stream.subarray(at[i], end))
        expect(heard(pieces)).toEqual(answers.map(({ said }) => said))
      }),
      { numRuns: 500 },
    )
  })

  it('skips a value that nobody wants any more', () => {
    const stream = Buffer.from('VA 3 O1.0\r\nabc\r\nVA 3 O2.0\r\ndef\r\nMN\r\n')
    expect(heard([stream], opaque => opaque === '2.0')).toEqual(['2.0=def', 'done'])
  })

  it('takes as done what was deleted already', () => {
    expect(one('NF O1.0\r\nMN\r\n')).toEqual(['done'])
  })

  it.each([
    ['a value longer than any item', `VA ${limits.memcachedItemBytes + 1} O1.0\r\n`],
    ['a value of 4 GB', 'VA 4294967295 O1.0\r\n'],
    ['a negative length', 'VA -1 O1.0\r\n'],
    ['no length', 'VA\r\n'],
    ['a value without its token', 'VA 1 s1\r\na\r\n'],
    ['a value that is longer than it said', 'VA 1 O1.0\r\nab\r\n'],
    ['an endless line', 'x'.repeat(limits.memcachedLineBytes + 1)],
    ['another protocol', 'HTTP/1.1 400 Bad Request\r\n'],
    ['an empty line', '\r\n'],
    ['a client error', 'CLIENT_ERROR bad data chunk\r\n'],
    ['a server that knows no meta commands', 'ERROR\r\n'],
  ])('refuses %s', (_, text) => {
    expect(() => one(text)).toThrow(ProtocolError)
  })

  it('throws nothing but ProtocolError, and keeps little, whatever comes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), pieces => {
        try {
          heard(pieces.map(piece => Buffer.from(piece)))
        } catch (error) {
          expect(error).toBeInstanceOf(ProtocolError)
        }
      }),
      { numRuns: 500 },
    )
  })
})
