import type { Audience } from '../bulk/audience.ts'
import type { Behaviours } from '../bulk/behaviours.ts'
import type { BulkWorld } from '../bulk/layout.ts'
import type { SliceResult } from '../bulk/slice.ts'

// What a thread of bulk mode is asked for, and what it says. Everything is plain data and crosses by structured clone.

export type BulkJob =
  | {
      readonly job: 'live'
      readonly world: BulkWorld
      readonly audience: Audience | undefined
      readonly stop: Int32Array
    }
  | {
      readonly job: 'spread'
      readonly world: BulkWorld
      readonly behaviours: Behaviours
      readonly slices: readonly number[]
      readonly stop: Int32Array
    }

export type BulkSaying =
  | { readonly says: 'progress'; readonly done: number; readonly of: number }
  | { readonly says: 'behaviours'; readonly behaviours: Behaviours }
  | { readonly says: 'slices'; readonly results: readonly (readonly [number, SliceResult])[] }
