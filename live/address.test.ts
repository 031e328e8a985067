import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Address, formatAddress, formatIngestAddress, parseAddress, parseIngestAddress } from './address.ts'

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,20}$/)
const number = fc.nat(1_000_000_000)
const addresses: fc.Arbitrary<Address> = fc.oneof(
  fc.record({ kind: fc.constant('segment' as const), event: name, rendition: name, number }),
  fc.record({ kind: fc.constantFrom('init' as const, 'media-playlist' as const), event: name, rendition: name }),
  fc.record({
    kind: fc.constantFrom('manifest' as const, 'main-playlist' as const, 'event-config' as const),
    event: name,
  }),
)

describe('addresses', () => {
  it('are read as they are written', () => {
    fc.assert(
      fc.property(addresses, address => {
        expect(parseAddress(formatAddress(address))).toEqual(address)
      }),
    )
    fc.assert(
      fc.property(
        fc.record({ pipeline: name, event: name, rendition: name, number: fc.option(number, { nil: undefined }) }),
        at => {
          expect(parseIngestAddress(formatIngestAddress(at))).toEqual(at)
        },
      ),
    )
  })

  it('have one spelling each: what is read is written back letter by letter', () => {
    const pieces = fc.array(
      fc.constantFrom('/live', '/', 'ev', 'v1', '12', '.m4s', '..', '%2e', '\0', '0', 'init.mp4', 'A', '?x', '-', ' '),
      { maxLength: 9 },
    )
    fc.assert(
      fc.property(pieces, parts => {
        const path = parts.join('')
        const address = parseAddress(path)
        if (address) expect(formatAddress(address)).toBe(path)
      }),
    )
  })

  it.each([
    '/live/ev/v1/-1.m4s',
    '/live/ev/v1/01.m4s',
    '/live/ev/v1/1.5.m4s',
    '/live/ev/v1/1e3.m4s',
    '/live/ev/v1/99999999999.m4s',
    '/live/ev/v1/1000000001.m4s',
    '/live/ev/../1.m4s',
    '/live/ev/%2e%2e/1.m4s',
    '//live/ev/v1/1.m4s',
    '/live/ev/v1/1.m4s/',
    '/live/ev/v1/1.m4s\n',
    '/live/EV/v1/1.m4s',
    `/live/ev/${'v'.repeat(65)}/1.m4s`,
    `/live/${'x/'.repeat(5_000)}1.m4s`,
  ])('refuse %j', path => expect(parseAddress(path)).toBeUndefined())
})
