import type { Level } from './comparison.ts'
import type { RunLevel } from './level.ts'

// Which module runs which level. Loaded when its level is asked for: a closed form needs no nginx.

export const knownLevels: Readonly<Record<Level, () => Promise<RunLevel>>> = {
  V0: async () => (await import('./closed-forms.ts')).v0,
  V1: async () => (await import('./replayed-logs.ts')).v1,
  V2: async () => (await import('./twins.ts')).v2,
  V3: async () => (await import('./twins.ts')).v3,
  V4: async () => (await import('./both-modes.ts')).v4,
  V5: async () => (await import('./nginx-twin.ts')).v5,
}
