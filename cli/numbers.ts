import { InvalidArgumentError } from 'commander'

// Numbers on the command line. Each throws what commander tells as a mistake of the user's.

export function wholeNumber(text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number, 0 or more, is wanted.')
  return value
}

export function atLeastOne(text: string): number {
  const value = wholeNumber(text)
  if (value < 1) throw new InvalidArgumentError('1 or more is wanted.')
  return value
}
