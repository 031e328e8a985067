import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Grounds } from './grounds.ts'
import { requestCases } from './request-cases.ts'
import { runRequestCase } from './run-request-case.ts'
import { startOwnGrounds } from './testing/own-process.ts'

let grounds: Grounds & { close(): Promise<void> }
beforeAll(async () => {
  grounds = await startOwnGrounds()
})
afterAll(() => grounds.close())

describe('the corpus of requests', () => {
  it('has over a hundred cases, each with a name of its own', () => {
    expect(requestCases.length).toBeGreaterThan(200)
    expect(new Set(requestCases.map(({ name }) => name)).size).toBe(requestCases.length)
  })

  it.each(requestCases)('$name', async requestCase => {
    const problems: string[] = []
    for (const target of grounds.targets) problems.push(...(await runRequestCase(target, requestCase)))
    expect(problems).toEqual([])
  })
})
