// What this process takes of one core, and how often it ticks, over the last seconds.

const overMs = 5_000

export class CpuShare {
  readonly #now: () => number
  readonly #cpuMs: () => number
  readonly #ticks: { atMs: number; cpuMs: number }[] = []
  #share = 0
  #perS = 0

  constructor(now: () => number, cpuMs: () => number = ofThisProcess) {
    this.#now = now
    this.#cpuMs = cpuMs
  }

  get share(): number {
    return this.#share
  }

  /** Counts one update. */
  tick(): { cpuShare: number; updatesPerS: number } {
    const atMs = this.#now()
    this.#ticks.push({ atMs, cpuMs: this.#cpuMs() })
    while (this.#ticks.length > 2 && (this.#ticks[1]?.atMs ?? atMs) <= atMs - overMs) this.#ticks.shift()
    const [first] = this.#ticks
    const last = this.#ticks.at(-1)
    if (first && last && last.atMs > first.atMs) {
      this.#share = (last.cpuMs - first.cpuMs) / (last.atMs - first.atMs)
      this.#perS = ((this.#ticks.length - 1) * 1_000) / (last.atMs - first.atMs)
    }
    const rounded = (value: number, digits: number) => Number(value.toFixed(digits))
    return { cpuShare: rounded(this.#share, 4), updatesPerS: rounded(this.#perS, 2) }
  }
}

function ofThisProcess(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
