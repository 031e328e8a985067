import type { FigureName } from '../results/figure-definitions.ts'
import type { Scenario } from '../scenarios/schema.ts'
import { isSharedStore } from '../scenarios/store-schema.ts'

// What the model leaves out. Stands beside every predicted figure; a figure that only the left-out part could know is not
// emitted, so that a check on it fails as one that nobody measured.

const always: readonly string[] = [
  'the kernel, the network interface and TCP in detail: a way is a latency, a lost packet a delay, a link a fair share',
  "garbage collection and other pauses of the processes, but for what the calibration's quantiles caught of them (and for collectors' pauses where it has them)",
  'contention between processes of one machine, but where the calibration says that they share one: each process has cores of its own',
  'warm-up: a process is slower at its first requests than later',
  'bytes: bodies are identities and lengths, which every answer is checked for; a body that is damaged in itself cannot be',
  'connection limits and their queues, idle connections that are closed, HTTP that cannot be read',
]
const ofStores: Readonly<Record<Scenario['store']['is'], readonly string[]>> = {
  memory: [],
  lsm: [
    'what is on a disk: compactions, syncs, a full disk; a body is kept from the instant of its acknowledgement on',
  ],
  cassandra: [
    "the inside of a quorum: a data centre answers while a majority of its nodes lives, with the store's usual times; retries, hedges and reads of other replicas are not made (`read_retries` is not known)",
    'how long a database node takes to start, and what it has to catch up with',
    'the distance between regions: the ways between origins are as long as those between an origin and an edge',
  ],
  s3: [
    'the inside of the object store: it answers always, with its usual times; retries are not made (`read_retries` is not known)',
  ],
}
const ofCaches = 'memory of cache servers and what they evict for want of it; an expired item'

/** What exact mode leaves out of `scenario`. */
export const exactLeavesOut = ({ store }: Scenario): readonly string[] => [
  ...always,
  ...ofStores[store.is],
  ...(store.memcached ? [ofCaches] : []),
]

/** Figures that a simulated run of `scenario` cannot know. */
export const figuresUnknownTo = ({ store }: Scenario): readonly FigureName[] =>
  isSharedStore(store) ? ['read_retries'] : []
