import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Grounds } from './grounds.ts'
import { publisherCases } from './publisher-cases.ts'
import { runPublisherCase } from './run-publisher-case.ts'
import { startOwnGrounds } from './testing/own-process.ts'

let grounds: Grounds & { close(): Promise<void> }
beforeAll(async () => {
  grounds = await startOwnGrounds()
})
afterAll(() => grounds.close())

describe('a hostile packager', () => {
  it.each(publisherCases)('$name', async publisherCase => {
    expect(await runPublisherCase(grounds, publisherCase)).toEqual([])
  })
})
