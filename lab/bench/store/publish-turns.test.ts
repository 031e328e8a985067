import { expect, test } from 'vitest'
import { plannedTurns } from './publish-turns.ts'

test('turns go there and back, so that what drifts meets each kind alike', () => {
  expect(plannedTurns(2).join(' ')).toBe('idle quiet storm storm quiet idle')
  const many = plannedTurns(4, 3)
  const places = (kind: string) => many.flatMap((one, i) => (one === kind ? [i] : []))
  const mean = (kind: string) => places(kind).reduce((sum, i) => sum + i, 0) / places(kind).length
  expect(places('storm')).toHaveLength(12)
  expect(places('quiet')).toHaveLength(12)
  expect(places('idle')).toHaveLength(4)
  expect(mean('storm')).toBe(mean('quiet'))
  expect(mean('storm')).toBe(mean('idle'))
})
