import { expect, test } from 'vitest'
import { Acknowledged } from './acknowledged.ts'

test('the newest acknowledgements are remembered, each once, and what was dropped is counted', () => {
  const acknowledged = new Acknowledged(2)
  const of = (number: number | undefined, etag = `"a-${number}"`) => ({
    target: 'http://eu',
    pipeline: 'a',
    rendition: 'v1',
    number,
    etag,
  })
  acknowledged.add(of(undefined))
  acknowledged.add(of(1))
  acknowledged.add(of(1))
  expect(acknowledged.list()).toEqual({ acknowledged: [of(undefined), of(1)], dropped: 0 })
  acknowledged.add(of(2))
  expect(acknowledged.list()).toEqual({ acknowledged: [of(1), of(2)], dropped: 1 })
})
