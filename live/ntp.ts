import type { EpochMs } from './units.ts'

// The NTP 64-bit timestamp (RFC 5905, section 6): 32 bits of seconds since 1900-01-01, 32 bits of fraction. Pure.

/** Seconds from 1900-01-01 to 1970-01-01 (RFC 5905, figure 4). */
const epochOffsetS = 2_208_988_800
const two32 = 2 ** 32

/** Writes `instant` at `offset` (8 bytes). Exact to 2^-32 s, as far as the number itself is. */
export const writeNtp = (view: DataView, offset: number, instant: EpochMs): void => {
  const wholeS = Math.floor((instant as number) / 1000)
  const fraction = Math.round((((instant as number) - wholeS * 1000) / 1000) * two32)
  // Rounding may carry into the next second; the seconds wrap in 2036, where NTP's era 1 begins.
  const carry = fraction === two32 ? 1 : 0
  view.setUint32(offset, (wholeS + epochOffsetS + carry) % two32)
  view.setUint32(offset + 4, carry === 1 ? 0 : fraction)
}

/** Reads the instant at `offset`: an upper bit of 0 means era 1 (2036 to 2104), as RFC 4330, section 3, has it. */
export const readNtp = (view: DataView, offset: number): EpochMs => {
  const ntpS = view.getUint32(offset)
  const eraS = ntpS >= two32 / 2 ? 0 : two32
  return (ntpS + eraS - epochOffsetS) * 1000 + (view.getUint32(offset + 4) * 1000) / two32
}
