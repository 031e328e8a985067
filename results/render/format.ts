// Numbers for people: as many digits as say something, with their unit.

const absent = '–'

/** `1`, `1.25`, `12.3`, `1,234`. */
export function formatNumber(value: number | undefined): string {
  if (value === undefined) return absent
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toFixed(Math.abs(value) >= 10 ? 1 : 2)))
}

/** `12.3 %` of a fraction; what is there but rounds to nothing says so. */
export function formatShare(value: number | undefined): string {
  if (value === undefined) return absent
  const percent = value * 100
  return percent > 0 && percent < 0.1 ? '<0.1 %' : `${Number(percent.toFixed(1))} %`
}

/** `1.2 MB`, by powers of 1,000. */
export function formatBytes(value: number | undefined): string {
  if (value === undefined) return absent
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  let scaled = value
  let unit = 0
  for (; scaled >= 1_000 && unit < units.length - 1; unit++) scaled /= 1_000
  return `${formatNumber(scaled)} ${units[unit]}`
}

/** Whole milliseconds, below ten one decimal. */
export const formatMs = (value: number | undefined): string =>
  value === undefined
    ? absent
    : value < 10
      ? String(Number(value.toFixed(1)))
      : Math.round(value).toLocaleString('en-US')
