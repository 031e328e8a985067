import type { Calibration } from '../calibration.ts'
import type { Topology } from './topology-file.ts'

// What one request costs an origin, and where each number comes from: the planner gives it, a calibration has measured
// it, or it is assumed; in this order. TLS is a cost like the others.

export type CostName = keyof Topology['costs']

interface Cost {
  /** ms of one core, for a request or for each MiB; or a share. */
  readonly value: number
  readonly from: 'given' | 'calibrated' | 'assumed'
  /** In words for people. */
  readonly source: string
}

export type Costs = Readonly<Record<CostName, Cost>>

interface Origin {
  /** Where neither topology nor calibration says it. */
  readonly assumed: number
  readonly because: string
  /** Absent: a calibration says nothing of it. */
  readonly measured?: (work: Calibration['work']) => number
}

const origins: Readonly<Record<CostName, Origin>> = {
  originRequestMs: {
    assumed: 0.1,
    because: 'an origin process of one core answers 10,000 requests a second',
    measured: ({ originServe }) => originServe.cpuMs,
  },
  originMsPerMib: {
    assumed: 0.3,
    because: 'a copy into the kernel at 3.5 GB/s of one core',
    measured: ({ originServe }) => originServe.cpuMsPerMib,
  },
  tlsMsPerMib: { assumed: 0.5, because: 'AES-GCM at 2 GB/s of one core' },
  tlsHandshakeMs: {
    assumed: 1,
    because: 'a full handshake in a millisecond of one core',
    measured: ({ tlsHandshake }) => tlsHandshake.cpuMs,
  },
  newConnectionShare: { assumed: 0.01, because: 'edges keep their connections: one request in a hundred opens one' },
}

export const costNames = Object.keys(origins) as CostName[]

/** Every cost: of the topology where it is given, else of `calibration` where there is one that says it. */
export function costsOf(given: Topology['costs'], calibration: Calibration | undefined): Costs {
  const costOf = (name: CostName): Cost => {
    const { assumed, because, measured } = origins[name]
    const own = given[name]
    if (own !== undefined) return { value: own, from: 'given', source: 'the topology' }
    if (calibration && measured) {
      return { value: measured(calibration.work), from: 'calibrated', source: calibration.origin }
    }
    return { value: assumed, from: 'assumed', source: because }
  }
  return Object.fromEntries(costNames.map(name => [name, costOf(name)])) as Costs
}
