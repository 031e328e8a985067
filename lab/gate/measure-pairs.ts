import { figuresByVariant, type Pair } from '../../results/gate/in-pairs.ts'
import type { Side } from './side.ts'

// Runs of two sides in one go, interleaved A B B A: what drifts with time falls on both alike.

export interface Sides {
  readonly against: Side
  readonly candidate: Side
}

/** `count` pairs; `tell` hears of each run, for people. Rejects with the first run that fails. */
export async function measurePairs(
  { against, candidate }: Sides,
  count: number,
  { signal, tell }: { signal: AbortSignal; tell: (doing: string) => void },
): Promise<Pair[]> {
  const pairs: Pair[] = []
  let run = 0
  const one = async (side: Side) => {
    tell(`run ${++run} of ${2 * count}: ${side.title}`)
    return figuresByVariant(await side.run(signal))
  }
  for (let i = 0; i < count; i++) {
    // A B, then B A: every second pair begins with the other side.
    const first = await one(i % 2 === 0 ? against : candidate)
    const second = await one(i % 2 === 0 ? candidate : against)
    pairs.push(i % 2 === 0 ? { against: first, candidate: second } : { against: second, candidate: first })
  }
  return pairs
}
