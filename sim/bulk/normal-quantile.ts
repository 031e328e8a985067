// The inverse of the normal distribution, to seven digits: Wichura 1988, algorithm AS 241 (PPND7). Three quotients of
// polynomials: for the middle, the tails, and the far tails.

/** How many standard deviations from the mean a share of `share` lies below; `share` in (0, 1), its ends a bit inside. */
export function normalQuantile(share: number): number {
  const q = share - 0.5
  if (Math.abs(q) <= 0.425) return q * middle(0.180625 - q * q)
  const tail = Math.max(Number.MIN_VALUE, q < 0 ? share : 1 - share)
  const r = Math.sqrt(-Math.log(tail))
  const deviations = r <= 5 ? near(r - 1.6) : far(r - 5)
  return q < 0 ? -deviations : deviations
}

const middle = (r: number): number =>
  (((59.10937472 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179) /
  (((67.1875636 * r + 78.757757664) * r + 17.895169469) * r + 1)

const near = (r: number): number =>
  (((0.17023821103 * r + 1.3067284816) * r + 2.75681539) * r + 1.4234372777) /
  ((0.12021132975 * r + 0.7370016425) * r + 1)

const far = (r: number): number =>
  (((0.017337203997 * r + 0.42868294337) * r + 3.081226386) * r + 6.657905115) /
  ((0.012258202635 * r + 0.24197894225) * r + 1)
