import type { DuelReading } from '../../lab/duel-readings.ts'
import type { Update } from './update.ts'

// The origin and its pipelines as the page shows them.

export function originUpdate({ origin }: DuelReading): Update['origin'] {
  if (!origin) {
    return { alive: false, shedding: false, slowMs: 0, down: false, version: 0, masks: 0, notifications: [] }
  }
  const { shed, slowMs, down } = origin.faults
  return {
    alive: true,
    shedding: shed,
    slowMs,
    down,
    version: origin.event.version,
    masks: origin.masks?.length ?? 0,
    notifications: origin.notifications.notifications
      .slice(-4)
      .map(({ sequence, type, text }) => ({ sequence, type, text })),
  }
}

const troubleWords = {
  lost: 'lost',
  stall: 'stalled',
  defects: 'defective',
  delay: 'late',
  tears: 'uploads tear',
} as const

export const pipelineUpdates = ({ pipelines, atMs }: DuelReading): Update['pipelines'] =>
  pipelines.map(({ pipeline, state }) => {
    if (!state) return { pipeline, troubles: ['gone'] }
    const set = state.targets[0]?.faults ?? {}
    const troubles = Object.entries(troubleWords).flatMap(([fault, word]) => {
      const span = set[fault as keyof typeof troubleWords]
      const lasts = span && span.fromMs <= (atMs as number) && (span.untilMs ?? Infinity) > (atMs as number)
      return lasts ? [word] : []
    })
    return { pipeline, troubles }
  })
