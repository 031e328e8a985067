import type { Action } from './schema.ts'

// Actions upon origins, regions and what keeps their segments: the same ones in both worlds.

const storageActions = [
  'origin-slow',
  'origin-down',
  'kill-origin',
  'lose-region',
  'kill-node',
  'kill-cache',
  'store-slow',
  'store-fails',
] as const satisfies readonly Action['do'][]

export type StorageAction = Extract<Action, { do: (typeof storageActions)[number] }>

export const isStorageAction = (action: Action): action is StorageAction =>
  (storageActions as readonly string[]).includes(action.do)
