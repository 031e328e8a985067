import { setFlagsFromString } from 'node:v8'

// How V8 compiles the simulator. A simulated request goes through some two hundred small functions of the cores; with its
// usual budgets V8 calls many of them where it could have put them in place. Measured: 7 % less CPU for each request
// (`npm run bench:sim`). The answers are the same.

const flags = ['--max-inlined-bytecode-size=1500', '--max-inlined-bytecode-size-cumulative=4000'] as const

/** Before anything is simulated; what was compiled earlier stays as it is. */
export function prepareEngine(): void {
  for (const flag of flags) setFlagsFromString(flag)
}
