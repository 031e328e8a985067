// The behaviours of an edge's policy as switches, each with what it means to a viewer. What is sent to the edge is data of
// its policy (edge/core/policy.ts); a test keeps the two lists the same.

/** One behaviour. `on` and `off` are fields of the policy: some behaviours have a value of their own, not true and false. */
export interface Behaviour {
  readonly name: string
  readonly label: string
  /** What it does, in a sentence. */
  readonly says: string
  readonly on: Readonly<Record<string, unknown>>
  readonly off: Readonly<Record<string, unknown>>
}

const flag = (name: string, label: string, says: string): Behaviour => ({
  name,
  label,
  says,
  on: { [name]: true },
  off: { [name]: false },
})

const stale = ['error', 'timeout', 'updating', 'http_5xx']

export const behaviours: readonly Behaviour[] = [
  flag('proxy_cache', 'cache', 'Keeps what the origin has answered.'),
  flag('proxy_cache_lock', 'one request for many', 'Who asks for what is being fetched waits for that one fetch.'),
  {
    name: 'lockCovers',
    label: '… also for what has expired',
    says: 'The same holds when a copy has passed its lifetime, not only when nothing is stored.',
    on: { lockCovers: 'all' },
    off: { lockCovers: 'new' },
  },
  {
    name: 'lifetimeGrain',
    label: 'lifetimes in milliseconds',
    says: 'A lifetime of 400 ms is 400 ms; in whole seconds it could not be kept at all.',
    on: { lifetimeGrain: 'millisecond' },
    off: { lifetimeGrain: 'second' },
  },
  flag('negativeCaching', 'keeps 404s', 'A 404 with a lifetime is answered to everybody until that lifetime ends.'),
  {
    name: 'wakeOnFill',
    label: 'wakes who waits',
    says: 'Who waits gets the answer when it comes, instead of looking again every half second.',
    on: { wakeOnFill: true, lockPollMs: 0 },
    off: { wakeOnFill: false, lockPollMs: 500 },
  },
  flag(
    'streamWhileFilling',
    'passes bytes on at once',
    'Who waits gets each byte as it arrives, not the whole at its end.',
  ),
  {
    name: 'afterLockTimeout',
    label: 'never opens to the origin',
    says: 'Who has waited too long gets a short answer; stock nginx sends everybody to the origin.',
    on: { afterLockTimeout: 'answer' },
    off: { afterLockTimeout: 'origin' },
  },
  flag(
    'resumeBrokenFill',
    'mends a broken fetch',
    'A fetch that breaks goes on where it broke, once, for all who wait.',
  ),
  flag(
    'rangeValidation',
    'refuses impossible numbers',
    'A segment that cannot exist yet is refused without asking anybody.',
  ),
  flag(
    'designatedFill',
    'one edge fetches for its site',
    'Of all edges of a site one asks the origin, the others ask it.',
  ),
  flag(
    'eventState',
    'newest notifications on every answer',
    'A notification reaches viewers with whatever they get next.',
  ),
  {
    name: 'proxy_cache_use_stale',
    label: 'old playlists rather than none',
    says: 'What is not live may be served past its lifetime when the origin fails.',
    on: { proxy_cache_use_stale: stale },
    off: { proxy_cache_use_stale: [] },
  },
  flag(
    'proxy_cache_background_update',
    'refreshes behind an old copy',
    'One request refreshes what others still get old.',
  ),
  flag('staleLive', 'serves old segments', 'Also live segments past their lifetime: no preset does.'),
  flag('invalidateOnUnsafe', 'forgets what a POST has changed', 'RFC 9111, 4.4; stock nginx does not.'),
]

/** Whether `policy` has the behaviour on. */
const isOn = ({ on }: Behaviour, policy: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(on).every(([field, value]) => JSON.stringify(policy[field]) === JSON.stringify(value))

/** The names of all behaviours that `policy` has on. */
export const behavioursOf = (policy: Readonly<Record<string, unknown>>): string[] =>
  behaviours.filter(behaviour => isOn(behaviour, policy)).map(({ name }) => name)
