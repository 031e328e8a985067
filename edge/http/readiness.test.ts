import { describe, expect, it } from 'vitest'
import { Readiness } from './readiness.ts'

describe('readiness', () => {
  it('comes when the listeners are open, where there is no event to know', () => {
    const readiness = new Readiness([], () => Promise.reject(new Error('nobody asks')))
    expect(readiness.notReady()).toBe('starting')
    readiness.opened()
    expect(readiness.notReady()).toBeUndefined()
  })

  it('waits for every event', async () => {
    const readiness = new Readiness(['show', 'cup'], () => Promise.resolve())
    readiness.opened()
    await readiness.learn('show')
    expect(readiness.notReady()).toMatch(/: cup$/)
  })

  it('asks again for what is missing, one question at a time, until it is known', async () => {
    const asked: PromiseWithResolvers<void>[] = []
    const readiness = new Readiness(['show'], () => {
      const question = Promise.withResolvers<void>()
      asked.push(question)
      return question.promise
    })
    readiness.opened()
    expect(readiness.notReady()).toMatch(/: show$/)
    expect(readiness.notReady()).toMatch(/: show$/)
    expect(asked).toHaveLength(1)
    asked[0]?.reject(new Error('not there yet'))
    await new Promise(setImmediate)
    expect(readiness.notReady()).toMatch(/: show$/)
    expect(asked).toHaveLength(2)
    asked[1]?.resolve()
    await new Promise(setImmediate)
    expect(readiness.notReady()).toBeUndefined()
  })
})
