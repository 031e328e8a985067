// Amounts as people write and read them: 65M viewers, 1.2 Tbit/s.

const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 }

/** `65M`, `18000`, `1.5k`; undefined for what is no amount. */
export function parseAmount(text: string): number | undefined {
  const match = /^([0-9]+(?:\.[0-9]+)?)([kMGT]?)$/.exec(text.trim())
  if (!match) return undefined
  const [, digits = '', suffix = ''] = match
  return Number(digits) * (factors[suffix] as number)
}

const steps = ['', 'k', 'M', 'G', 'T', 'P']

/** Three significant digits with a suffix: `65 M`, `1.23 T`. */
export function formatAmount(value: number): string {
  if (!Number.isFinite(value)) return '–'
  let [scaled, step] = [Math.abs(value), 0]
  while (scaled >= 999.5 && step < steps.length - 1) {
    scaled /= 1_000
    step++
  }
  const digits = scaled >= 99.95 || (step === 0 && Number.isInteger(scaled)) ? 0 : scaled >= 9.995 ? 1 : 2
  const number = `${value < 0 ? '-' : ''}${scaled.toFixed(digits)}`
  return step === 0 ? number : `${number} ${steps[step]}`
}

/** With its unit: `1.23 Tbit/s`, `65 M/s`, `5.2 GiB`. */
export function formatIn(value: number, unit: string): string {
  if (unit === 'bytes') return `${(value / 1024 ** 3).toFixed(1)} GiB`
  if (unit === '1') return formatAmount(value)
  if (unit === 'cores') return `${value < 10 ? value.toFixed(1) : Math.round(value)} cores`
  const text = formatAmount(value)
  const unitText = unit === '1/s' ? '/s' : unit
  return /[a-zA-Z]$/.test(text) || unit === '1/s' ? `${text}${unitText}` : `${text} ${unitText}`
}

/** Seconds of the storm as a clock: `0:45:10`. */
export function formatSecond(second: number): string {
  const pad = (value: number): string => String(value).padStart(2, '0')
  return `${Math.floor(second / 3_600)}:${pad(Math.floor(second / 60) % 60)}:${pad(second % 60)}`
}
