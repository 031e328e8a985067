import { endedMs, originWith, partOf, segmentOf, startedMs, stormEvent } from './figures.fixture.ts'
import { figuresOf } from './figures.ts'
import { type RunRecord, recordSchemaName, type Variant } from './record/record.ts'

// A record of three policies, for the tests of what is made of records.

interface Given {
  readonly name: string
  readonly fills: number
  readonly requests: number
  readonly bytes: number
  readonly reasons: Readonly<Record<string, number>>
  readonly early404s: number
  readonly waitMs: number
  readonly lagMs: number
}

export function variantOf(given: Given): Variant {
  const measured = {
    parts: [
      {
        ...partOf('origin', 'origin', recorder => {
          recorder.count('requests', given.requests)
          recorder.count('bytes_sent', given.bytes)
        }),
        segments: originWith([13, 14, 15].map(n => segmentOf(n, { fills: given.fills, probes: n === 13 ? 1 : 0 })))
          .segments,
      },
      partOf('edge', 'a1', recorder => {
        for (const [reason, count] of Object.entries(given.reasons)) recorder.count(`requests.reason.${reason}`, count)
      }),
      partOf('fleet', 'fleet', recorder => {
        recorder.count('players_joined', 300)
        recorder.count('requests', 4_000)
        recorder.count('early_404_seen', given.early404s)
        recorder.count('wrong_bodies', 0)
        recorder.count('rebuffers', given.early404s > 0 ? 12 : 0)
        for (let i = 1; i <= 100; i++) {
          recorder.time('publication_to_first_byte_ms', (given.waitMs * i) / 50)
          recorder.time('publication_to_last_byte_ms', (given.waitMs * i) / 40)
          recorder.time('lag_ms', given.lagMs)
        }
      }),
    ],
    startedMs,
    endedMs,
    actions: [],
  }
  return {
    name: given.name,
    policy: { name: given.name },
    figures: figuresOf({ ...measured, event: stormEvent }),
    checks: [],
    event: stormEvent,
    logs: [],
    ...measured,
  }
}

export const recordOf = (variants: Variant[], given: Partial<RunRecord> = {}): RunRecord => ({
  schema: recordSchemaName,
  world: 'real',
  partial: false,
  scenario: { name: 'kickoff', shows: 'A match kicks off.', sha256: 'f'.repeat(64) },
  seed: 65,
  commit: '0'.repeat(40),
  variants,
  environment: {
    startedAt: '2026-01-31T18:00:00.000Z',
    node: 'v26.0.0',
    platform: 'linux x64',
    cpu: 'one of these',
    cores: 2,
    memoryBytes: 8_000_000_000,
    loadAverage: [0, 0, 0],
    command: 'tidegate run kickoff',
  },
  ...given,
})

export const threePolicies = (): Variant[] => [
  variantOf({
    name: 'none',
    fills: 112,
    requests: 9_000,
    bytes: 2_400_000_000,
    reasons: { 'pass-no-cache': 4_000 },
    early404s: 31,
    waitMs: 14,
    lagMs: 1,
  }),
  variantOf({
    name: 'nginx',
    fills: 2,
    requests: 812,
    bytes: 40_000_000,
    reasons: { hit: 2_500, 'negative-hit': 3, 'lock-poll': 1_300, 'fill-miss': 197 },
    early404s: 9,
    waitMs: 253,
    lagMs: 1,
  }),
  variantOf({
    name: 'oca',
    fills: 1,
    requests: 100,
    bytes: 19_000_000,
    reasons: { hit: 2_200, 'negative-hit': 1, collapsed: 1_700, 'refused-too-early': 40, 'fill-miss': 59 },
    early404s: 0,
    waitMs: 9,
    lagMs: 1,
  }),
]
