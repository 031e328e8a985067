import type { EpochMs, Ms } from './units.ts'

// Instants and durations as text, for manifests, playlists and records. Written out, because cores read no clock and so
// have no use for a clock's class.

const dayMs = 86_400_000

/**
 * `2026-01-31T18:00:00.000Z` (ISO 8601, RFC 3339, xs:dateTime) for an instant from 1970 to 9999. Fractions of a
 * millisecond are rounded up: what becomes available at this instant is never promised too early.
 * Throws RangeError for an instant outside those years.
 */
export function formatInstant(instant: EpochMs): string {
  const whole = Math.ceil(instant as number)
  const days = Math.floor(whole / dayMs)
  const { year, month, day } = civilDate(days)
  if (!(whole >= 0 && year <= 9_999)) throw new RangeError(`the instant ${instant} lies outside the years 1970 to 9999`)
  const ms = whole - days * dayMs
  const clock = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1_000) % 60].map(pad2)
  return `${year}-${pad2(month)}-${pad2(day)}T${clock.join(':')}.${String(ms % 1_000).padStart(3, '0')}Z`
}

/** `PT6S`, `PT0.5S` (ISO 8601, xs:duration); at most three decimals. */
export const formatDuration = (durationMs: Ms): string => `PT${Math.round(durationMs as number) / 1_000}S`

const pad2 = (value: number): string => String(value).padStart(2, '0')

/**
 * The civil date of a day counted from 1970-01-01. Years begin in March here, so that the leap day is the last of its
 * year, and 400 years (146,097 days) are one whole cycle (Hinnant, "chrono-compatible low-level date algorithms").
 */
function civilDate(daysSinceEpoch: number): { year: number; month: number; day: number } {
  const shifted = daysSinceEpoch + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1_460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1,
  }
}
