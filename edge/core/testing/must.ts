/** Throws when an invariant does not hold. */
export function must(holds: boolean, what: string, ...details: unknown[]): void {
  if (!holds) throw new Error(`${what}: ${details.map(detail => JSON.stringify(detail)).join(' ')}`)
}
