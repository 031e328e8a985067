import { expect, test } from 'vitest'
import { SiblingHealth } from './sibling-health.ts'

test('two misses in a row are a death, one answer in between is none', () => {
  const health = new SiblingHealth()
  expect([health.missed(), health.answered(), health.missed(), health.alive]).toEqual([false, false, false, true])
  expect([health.missed(), health.alive, health.missed()]).toEqual([true, false, false])
})

test('one refused connection is a death, one answer a return', () => {
  const health = new SiblingHealth()
  expect([health.refused(), health.refused(), health.alive]).toEqual([true, false, false])
  expect([health.answered(), health.answered(), health.alive]).toEqual([true, false, true])
})
