import { z } from 'zod'
import { limits } from '../../live/limits.ts'

// An edge's policy is data: one switch for each behaviour, so that each can be shown alone and all together. nginx's
// own directive names where nginx has the concept (in milliseconds), new names for what it lacks.

const ms = z.number().nonnegative()

export const policySchema = z.strictObject({
  name: z.string(),
  /** Off: every request goes through. */
  proxy_cache: z.boolean(),
  /** Lifetimes by status, ms, where the answer states none. */
  proxy_cache_valid: z.record(z.string().regex(/^[1-5][0-9]{2}$/), ms),
  /** `millisecond` honours `max-age-ms`; `second` counts as nginx does: N lives N to N+1 s, below 1 s not at all. */
  lifetimeGrain: z.enum(['millisecond', 'second']),
  /** 404, 410 and 503 with a stated lifetime are kept. */
  negativeCaching: z.boolean(),
  /** Collapse: one request for a key at a time. */
  proxy_cache_lock: z.boolean(),
  /** `new`: only where nothing is stored, as nginx; `all`: expired entries too. */
  lockCovers: z.enum(['new', 'all']),
  proxy_cache_lock_timeout: ms,
  /** Where a waiter goes after its time-out: straight upstream (nginx), or it gets an answer (never to the origin). */
  afterLockTimeout: z.enum(['origin', 'answer']),
  /** Waiters are woken by the fill itself; off: they look again every `lockPollMs` from their arrival. */
  wakeOnFill: z.boolean(),
  lockPollMs: ms,
  /** Waiters get bytes while the fill is in flight; off: only the asker that fills does. */
  streamWhileFilling: z.boolean(),
  /** A broken fill is resumed once, and a failure shared for a moment. */
  resumeBrokenFill: z.boolean(),
  sharedFailureMs: ms,
  /** Numbers that are not of the event, or far too early, are refused without asking anybody. */
  rangeValidation: z.boolean(),
  /** The newest notifications of the event stand on every response. */
  eventState: z.boolean(),
  /** Per rendition and site one edge fills from the origin, the others ask it. */
  designatedFill: z.boolean(),
  /** Stale copies of what is not live. Live objects are never served stale unless `staleLive`. */
  proxy_cache_use_stale: z.array(z.enum(['error', 'timeout', 'updating', 'http_5xx'])),
  staleLive: z.boolean(),
  /** Off, as nginx: what a POST or DELETE has changed is served out of storage until its lifetime ends. */
  invalidateOnUnsafe: z.boolean(),
  proxy_cache_background_update: z.boolean(),
})
export type EdgePolicy = z.infer<typeof policySchema>

const oca: EdgePolicy = {
  name: 'oca',
  proxy_cache: true,
  proxy_cache_valid: {},
  lifetimeGrain: 'millisecond',
  negativeCaching: true,
  proxy_cache_lock: true,
  lockCovers: 'all',
  proxy_cache_lock_timeout: limits.edgeWaitMs,
  afterLockTimeout: 'answer',
  wakeOnFill: true,
  lockPollMs: 0,
  streamWhileFilling: true,
  resumeBrokenFill: true,
  sharedFailureMs: limits.sharedFailureMs,
  rangeValidation: true,
  eventState: true,
  designatedFill: true,
  proxy_cache_use_stale: ['error', 'timeout', 'updating', 'http_5xx'],
  staleLive: false,
  invalidateOnUnsafe: true,
  proxy_cache_background_update: true,
}

/** Stock nginx with its lock on, faithfully (facts/peers.md): what it lacks is off. */
const nginx: EdgePolicy = {
  name: 'nginx',
  proxy_cache: true,
  proxy_cache_valid: {},
  lifetimeGrain: 'second',
  negativeCaching: true,
  proxy_cache_lock: true,
  lockCovers: 'new',
  proxy_cache_lock_timeout: 5_000,
  afterLockTimeout: 'origin',
  wakeOnFill: false,
  lockPollMs: 500,
  streamWhileFilling: false,
  resumeBrokenFill: false,
  sharedFailureMs: 0,
  rangeValidation: false,
  eventState: false,
  designatedFill: false,
  proxy_cache_use_stale: [],
  staleLive: false,
  invalidateOnUnsafe: false,
  proxy_cache_background_update: false,
}

const none: EdgePolicy = { ...nginx, name: 'none', proxy_cache: false, proxy_cache_lock: false, negativeCaching: false }

export const presets: Readonly<Record<string, EdgePolicy>> = { none, nginx, oca }

/** A preset by name with some switches changed; throws a ZodError that names a switch that does not exist. */
export const policyOf = (preset: string, switches: Partial<EdgePolicy> = {}): EdgePolicy =>
  policySchema.parse({ ...(presets[preset] ?? {}), ...switches })
