import type { Action, Side } from '../../lab/duel-scenario.ts'

// What a presenter can break, and what then happens: buttons of the page, and actions of the lab. Each ends by itself.

export interface Fault {
  readonly name: string
  readonly label: string
  /** What to expect, in a sentence. */
  readonly says: string
  /** Of one side, rather than of the origin or its pipelines. */
  readonly ofSide: boolean
}

export const faults = [
  fault('lose-pipeline', 'lose pipeline a', 'It publishes nothing for 15 s; the origin serves the other one.'),
  fault(
    'defects',
    'defects in pipeline a',
    'For 15 s its segments jump by 40 ms; the origin waits 0.5 s for a sound one.',
  ),
  fault('late-publish', 'publish late', 'For 15 s both pipelines publish 1.2 s late; requests are held, or ask again.'),
  fault('torn-puts', 'tear uploads', 'For 8 s every upload of pipeline a breaks in the middle and is tried again.'),
  fault('origin-slow', 'slow origin', 'For 10 s every answer of the origin takes 400 ms longer.'),
  fault('origin-down', 'origin refuses', 'For 5 s the origin refuses everything; edges serve what they have.'),
  fault('kill-origin', 'kill the origin', 'Its process is killed and comes back after 2 s.'),
  fault('shed', 'shed DVR', 'Viewers far behind live get a 503 that caches keep; until it is pressed again.'),
  fault('mask', 'mask pipeline a', 'Its last 3 segments are withdrawn; the other pipeline’s take their place.'),
  fault('invalidate', 'invalidate', 'Copies of the last 5 segments count as expired in every edge.'),
  fault('raise-version', 'new event version', 'Every edge forgets the whole event at once.'),
  fault('notify', 'notify: ad break', 'A notification that reaches viewers on the answers that they get anyway.'),
  fault('restart-edge', 'restart an edge', 'One edge of this side is killed and is back, empty, after 3 s.', true),
  fault('flush', 'flush', 'Every edge of this side drops all that it has stored.', true),
] as const satisfies readonly Fault[]

export type FaultName = (typeof faults)[number]['name']
export const faultNames = faults.map(({ name }) => name)

function fault<const Name extends string>(name: Name, label: string, says: string, ofSide = false) {
  return { name, label, says, ofSide } as const
}

/** What a fault needs to know of the duel. */
export interface FaultScene {
  readonly pipelines: readonly string[]
  /** Of the side that it is for, those that live. */
  readonly edges: readonly string[]
  readonly shedding: boolean
}

const now = { atMs: 0 }

/** What the lab does for `name`. */
export function actionsOf(name: FaultName, { pipelines, edges, shedding }: FaultScene): Action[] {
  const [pipeline = 'a'] = pipelines
  switch (name) {
    case 'lose-pipeline':
      return [{ ...now, do: 'lose-pipeline', pipeline, forMs: 15_000 }]
    case 'defects':
      return [{ ...now, do: 'defects', pipeline, kind: 'discontinuity', ms: 40, forMs: 15_000 }]
    case 'late-publish':
      return pipelines.map(one => ({ ...now, do: 'publish-delay', pipeline: one, ms: 1_200, forMs: 15_000 }))
    case 'torn-puts':
      return [{ ...now, do: 'tear-puts', pipeline, forMs: 8_000 }]
    case 'origin-slow':
      return [{ ...now, do: 'origin-slow', ms: 400, forMs: 10_000 }]
    case 'origin-down':
      return [{ ...now, do: 'origin-down', forMs: 5_000 }]
    case 'kill-origin':
      return [{ ...now, do: 'kill-origin', downMs: 2_000 }]
    case 'shed':
      return [{ ...now, do: 'shed', on: !shedding }]
    case 'mask':
      return [{ ...now, do: 'mask', pipeline, lastSegments: 3 }]
    case 'invalidate':
      return [{ ...now, do: 'invalidate', lastSegments: 5 }]
    case 'raise-version':
      return [{ ...now, do: 'raise-version' }]
    case 'notify':
      return [{ ...now, do: 'notify', type: 'ad-break', text: 'a word from our sponsors' }]
    case 'restart-edge':
      return edges.slice(0, 1).map(edge => ({ ...now, do: 'restart-edge', edge, downMs: 3_000 }))
    case 'flush':
      return edges.map(edge => ({ ...now, do: 'flush-edge', edge }))
  }
}

/** Which side a fault is of, for people. */
export const sideWords: Readonly<Record<Side, string>> = { left: 'on the left', right: 'on the right' }
