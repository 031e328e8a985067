import type { RunLevel } from './level.ts'

// V2 and V3: the place of the module that runs twins.

const notMerged: RunLevel = () => Promise.reject(new Error('the twin runs are not merged yet'))

export const v2: RunLevel = notMerged
export const v3: RunLevel = notMerged
