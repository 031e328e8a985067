import { expect, test } from 'vitest'
import { remembered } from './remembered.ts'

test('a field is read once, also one that says nothing, until too many others have come', () => {
  const reads: string[] = []
  const length = remembered((field: string) => {
    reads.push(field)
    return field === '' ? undefined : field.length
  })
  expect([length('ab'), length('ab'), length(''), length('')]).toEqual([2, 2, undefined, undefined])
  expect(reads).toEqual(['ab', ''])
  for (let i = 0; i < 300; i++) length(`field ${i}`)
  expect(length('ab')).toBe(2)
  expect(reads.filter(field => field === 'ab')).toHaveLength(2)
})
