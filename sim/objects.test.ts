import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Address, formatAddress } from '../live/address.ts'
import { anEvent } from '../live/event.fixture.ts'
import { Objects } from './objects.ts'

const event = anEvent()
const objects = new Objects(event)
const rendition = fc.constantFrom(...event.renditions.map(({ name }) => name))

test('every address of the event has a number of its own, and comes back from it', () => {
  const address = fc.oneof(
    fc.constantFrom('manifest', 'main-playlist', 'event-config').map(kind => ({ kind, event: event.event })),
    fc.tuple(fc.constantFrom('init', 'media-playlist'), rendition).map(([kind, name]) => ({
      kind,
      event: event.event,
      rendition: name,
    })),
    fc.tuple(rendition, fc.integer({ min: event.firstNumber, max: 50_000 })).map(([name, number]) => ({
      kind: 'segment',
      event: event.event,
      rendition: name,
      number,
    })),
  ) as fc.Arbitrary<Address>
  fc.assert(
    fc.property(address, address, (a, b) => {
      const id = objects.idOf(a)
      expect(objects.addressOf(id)).toEqual(a)
      expect(objects.isSegment(id)).toBe(a.kind === 'segment')
      expect(objects.questionFor(id)).toEqual({ method: 'GET', path: formatAddress(a) })
      if (a.kind === 'segment') expect(objects.numberOf(id)).toBe(a.number)
      expect(objects.idOf(b) === id).toBe(formatAddress(a) === formatAddress(b))
    }),
  )
})
