import { errors, types } from 'cassandra-driver'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../segment-store.ts'
import { withinBudget } from './retry-budget.ts'
import { failureOf } from './testing/bodies.ts'

const responseError = (code: number) => new errors.ResponseError(code, `code ${code}`)
const run = (budgetMs: number, attempt: (leftMs: number) => Promise<unknown>) => {
  let retries = 0
  const deadline = performance.now() + budgetMs
  const result = withinBudget({ what: 'cup/v1/7/a', deadline, onRetry: () => retries++ }, attempt)
  return { result, retries: () => retries }
}

describe('the retry budget', () => {
  it('tries again what may have been bad luck, with what is left of the time', async () => {
    const left: number[] = []
    const failing = [types.responseErrorCodes.writeTimeout, types.responseErrorCodes.unavailableException]
    const { result, retries } = run(5_000, async leftMs => {
      left.push(leftMs)
      const code = failing.shift()
      if (code !== undefined) throw responseError(code)
      return 'done'
    })
    expect(await result).toBe('done')
    expect(retries()).toBe(2)
    expect(left).toEqual(left.toSorted((a, b) => b - a))
  })

  it('ends with the budget, and tells the last reason of every node', async () => {
    const startedMs = performance.now()
    const { result } = run(100, async () => {
      throw new errors.NoHostAvailableError({ '127.0.0.11:9042': new Error('connect ECONNREFUSED') })
    })
    const failure = await failureOf(result)
    expect(failure).toMatchObject({ fault: 'unavailable' })
    expect(failure?.message).toMatch(/^cup\/v1\/7\/a: .* within \d+ ms: 127\.0\.0\.11:9042: connect ECONNREFUSED$/)
    expect(performance.now() - startedMs).toBeLessThan(1_000)
  })

  it('ends with the budget also where the driver never answers', async () => {
    const failure = await failureOf(run(50, () => new Promise(() => {})).result)
    expect(failure).toMatchObject({ fault: 'unavailable' })
  })

  it('does not try again what is refused for what it is', async () => {
    const { result, retries } = run(5_000, async () => {
      throw responseError(types.responseErrorCodes.unauthorized)
    })
    expect((await failureOf(result))?.message).toMatch(/refuses it/)
    expect(retries()).toBe(0)
  })

  it('lets our own faults and mistakes through as they are', async () => {
    const fault = new StoreError('corrupt', 'broken')
    await expect(run(5_000, async () => Promise.reject(fault)).result).rejects.toBe(fault)
    const mistake = new TypeError('a mistake of ours')
    await expect(run(5_000, async () => Promise.reject(mistake)).result).rejects.toBe(mistake)
  })
})
