import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { writeSection } from '../page-section.ts'
import { FailingRelay, type Fault } from './failing-relay.ts'
import { type EdgeRounds, type PeersResult, peersResult } from './peer-figures.ts'
import { type ComparedEdge, comparedEdges, PeerGround } from './peer-ground.ts'
import { faultRound, heldRound, Numbers, pollRound } from './peer-trials.ts'

// Every edge that this machine has, ours among them, in three trials, in turn, so that what else the machine does meets
// all of them:
//
//   held request   100 clients are held on one segment; `hold_added_ms_p50.{edge}` is the median wait from publication
//                  to first byte over that of the same clients straight at the origin. The publication falls anywhere
//                  within half a second after their arrival: a cache that looks again on a timer meets every phase of it.
//   pollers        100 clients ask every 100 ms from 2 s before a publication: `last_404_after_publication_ms.{edge}`
//                  and `origin_requests_before_publication.{edge}`, the worst round of each.
//   leader fault   50 clients ask at once for a published segment, and the first request that reaches the origin is
//                  reset or answered 503: `origin_requests_on_leader_fault.{edge}`, the worst round.

export interface PeersOptions {
  readonly edges: readonly ComparedEdge[]
  readonly heldRounds: number
  readonly pollRounds: number
  readonly faultRounds: number
  readonly holders: number
  readonly pollers: number
  readonly waiters: number
}

const defaults = { heldRounds: 7, pollRounds: 2, faultRounds: 2, holders: 100, pollers: 100, waiters: 50 }
const bodyBytes = 10_000
const warmUpRounds = 1
const faults: readonly Fault[] = ['reset', '503']
/** Publications of successive rounds fall into the half second at these parts of it: evenly spread at any count. */
const phaseOf = (round: number): number => (0.31 + round * 0.618_034) % 1
const phaseMs = 500

interface Rounds extends EdgeRounds {
  readonly waits: number[][]
  unheld: number
  readonly last404s: number[]
  readonly beforePublication: number[]
  readonly onFault: number[]
  readonly faultFailures: number[]
}

const nothingYet = (): Rounds => ({
  waits: [],
  unheld: 0,
  last404s: [],
  beforePublication: [],
  onFault: [],
  faultFailures: [],
})

/** Runs all trials and resolves with what they show. */
export async function benchPeers(options: PeersOptions): Promise<PeersResult> {
  const folder = await mkdtemp(join(tmpdir(), 'tidegate-peers-'))
  const ground = await PeerGround.start(folder, bodyBytes)
  const rounds = new Map(options.edges.map(({ name }) => [name, nothingYet()]))
  const direct: number[][] = []
  try {
    tell('starting the edges')
    await ground.startEdges(options.edges)
    await holdTrial(ground, options, rounds, direct)
    await pollTrial(ground, options, rounds)
    await ground.stopEdges()
    await faultTrial(ground, options, rounds)
    return peersResult(rounds, direct)
  } finally {
    await ground.stop()
    await rm(folder, { recursive: true })
  }
}

const tell = (line: string): void => {
  process.stderr.write(`peers: ${line}\n`)
}

async function holdTrial(
  ground: PeerGround,
  { edges, heldRounds, holders }: PeersOptions,
  rounds: ReadonlyMap<string, Rounds>,
  direct: number[][],
): Promise<void> {
  const numbers = new Numbers()
  for (let round = 0; round < warmUpRounds + heldRounds; round++) {
    tell(`held request, round ${round + 1} of ${warmUpRounds + heldRounds}`)
    const restMs = phaseOf(round) * phaseMs
    for (const name of inTurn(['direct', ...edges.map(edge => edge.name)], round)) {
      const waits = await heldRound(ground, name, numbers.next(ground, 0), { clients: holders, restMs })
      if (round < warmUpRounds) continue
      const seen = rounds.get(name)
      if (seen !== undefined) seen.unheld += holders - waits.length
      const of = seen?.waits ?? direct
      of.push(waits as number[])
    }
  }
}

async function pollTrial(
  ground: PeerGround,
  { edges, pollRounds, pollers }: PeersOptions,
  rounds: ReadonlyMap<string, Rounds>,
): Promise<void> {
  const numbers = new Numbers()
  for (let round = 0; round < pollRounds; round++) {
    tell(`pollers, round ${round + 1} of ${pollRounds}`)
    for (const { name } of inTurn(edges, round)) {
      const number = numbers.next(ground, pollAheadMs)
      const { last404Ms, beforePublication } = await pollRound(ground, name, number, pollers)
      const seen = rounds.get(name) as Rounds
      seen.last404s.push(last404Ms as number)
      seen.beforePublication.push(beforePublication)
    }
  }
}

/** Pollers begin 2 s before the publication, which is 1 s after the capture's end; and they need a moment to connect. */
const pollAheadMs = 1_200

async function faultTrial(
  ground: PeerGround,
  { edges, faultRounds, waiters }: PeersOptions,
  rounds: ReadonlyMap<string, Rounds>,
): Promise<void> {
  const relay = await FailingRelay.start(ground.upstream)
  try {
    ground.upstream = relay.url
    await ground.startEdges(edges)
    const numbers = new Numbers()
    for (let round = 0; round < faultRounds; round++) {
      for (const fault of faults) {
        tell(`leader fault (${fault}), round ${round + 1} of ${faultRounds}`)
        for (const { name } of inTurn(edges, round)) {
          const number = numbers.next(ground, 0)
          const { originRequests, failed } = await faultRound(ground, relay, name, number, { clients: waiters, fault })
          const seen = rounds.get(name) as Rounds
          seen.onFault.push(originRequests)
          seen.faultFailures.push(failed)
        }
      }
    }
    await ground.stopEdges()
  } finally {
    relay.close()
  }
}

/** Every other round goes backwards, so that nobody always comes first. */
const inTurn = <Item>(items: readonly Item[], round: number): readonly Item[] =>
  round % 2 === 0 ? items : items.toReversed()

if (import.meta.main) {
  const { values } = parseArgs({ options: { write: { type: 'boolean' }, edge: { type: 'string', multiple: true } } })
  const all = await comparedEdges(tell)
  const edges = values.edge === undefined ? all : all.filter(({ name }) => values.edge?.includes(name))
  const { figures, verdicts, table } = await benchPeers({ ...defaults, edges })
  const versions = edges.flatMap(({ peer }) => (peer === undefined ? [] : [`${peer.kind} ${peer.version}`]))
  const text = `${[...new Set(versions)].join(', ')}.\n\n${table}\n\n${verdicts.map(line => `- ${line}`).join('\n')}`
  process.stdout.write(`${text}\n`)
  if (values.write) await writeSection(new URL('../../docs/peers.md', import.meta.url), 'peers', text)
  process.stdout.write(`${JSON.stringify({ bench: 'peers', figures })}\n`)
}
