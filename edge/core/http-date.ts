import type { EpochMs } from '../../live/units.ts'

// The date of HTTP fields (RFC 9110, 5.6.7), by arithmetic: a core has no calendar of its own.

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
const time = '(?<hour>[0-9]{2}):(?<minute>[0-9]{2}):(?<second>[0-9]{2})'

/** The three forms that a recipient must accept; only the first is sent by anybody today. */
const forms = [
  new RegExp(`^[A-Z][a-z]{2}, (?<day>[0-9]{2}) (?<month>[A-Z][a-z]{2}) (?<year>[0-9]{4}) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{5,8}, (?<day>[0-9]{2})-(?<month>[A-Z][a-z]{2})-(?<year>[0-9]{2}) ${time} GMT$`),
  new RegExp(`^[A-Z][a-z]{2} (?<month>[A-Z][a-z]{2}) (?<day>[0-9 ][0-9]) ${time} (?<year>[0-9]{4})$`),
]

/** The instant that `text` names: an IMF-fixdate, or one of the obsolete forms of RFC 850 and asctime. */
export function parseHttpDate(text: string | undefined): EpochMs | undefined {
  const found = forms.map(form => form.exec(text ?? '')?.groups).find(groups => groups !== undefined)
  if (!found) return undefined
  const { day, month: monthName, year, hour, minute, second } = found as Record<string, string>
  const month = months.indexOf(monthName as string)
  if (month < 0 || Number(day) < 1 || Number(day) > 31) return undefined
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 60) return undefined
  const days = daysFromCivil(wholeYear(year as string), month + 1, Number(day))
  return ((days * 24 + Number(hour)) * 60 + Number(minute)) * 60_000 + Number(second) * 1_000
}

/**
 * The year that two digits stand for. RFC 9110 lets the century follow from the present; there is no date of HTTP before
 * 1970, so that a fixed boundary says the same until 2020 + 50 and needs no clock.
 */
function wholeYear(digits: string): number {
  const year = Number(digits)
  if (digits.length > 2) return year
  return year < 70 ? 2_000 + year : 1_900 + year
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar (Howard Hinnant's `days_from_civil`). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}
