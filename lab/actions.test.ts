import { expect, test } from 'vitest'
import { now } from '../process/clock.ts'
import type { RecordedAction } from '../results/faults.ts'
import { stormEvent } from '../results/figures.fixture.ts'
import { type Action, actionSchema } from '../scenarios/schema.ts'
import { type ActedUpon, carryOut } from './actions.ts'

/** Processes that only note what they are told. */
function fakeWorld(options: { refuse?: boolean; cannot?: Record<string, string> } = {}): {
  world: ActedUpon
  told: unknown[]
} {
  const told: unknown[] = []
  const note = (...what: unknown[]) => {
    told.push(what)
  }
  const commanded = (name: string) => ({
    post: async (path: string, body: object = {}) => {
      if (options.refuse) throw new Error('the command was refused')
      told.push([name, path, JSON.parse(JSON.stringify(body))])
    },
  })
  const world: ActedUpon = {
    plan: { event: { ...stormEvent, startMs: Math.floor(now() as number) - 60_500 } },
    control: commanded,
    pipeline: name => commanded(`pipeline-${name}`),
    regions: ['eu', 'us'],
    origins: {
      commanded: commanded('origin'),
      living: region => [commanded(region === undefined ? 'origin' : `origin-${region}`)],
      kill: async region => note('kill-origin', region),
      revive: async region => note('revive-origin', region),
    },
    storage: {
      killNode: async (region, node) => {
        note('kill-node', region, node)
        return `${region}${node}`
      },
      reviveNode: async (region, node) => note('revive-node', region, node),
      loseDataCentre: async region => note('lose-data-centre', region),
      restoreDataCentre: async region => note('restore-data-centre', region),
      killCaches: async server => note('kill-caches', server),
      reviveCaches: async server => note('revive-caches', server),
    },
    livingEdges: ['a1', 'b1'],
    designatedEdge: 'a2',
    cannot: ({ do: name }) => options.cannot?.[name],
    killEdge: async edge => {
      told.push(['kill', edge])
    },
    reviveEdge: async edge => {
      told.push(['revive', edge])
    },
  }
  return { world, told }
}

async function act(given: object): Promise<{ told: unknown[]; done: RecordedAction[] }> {
  const { world, told } = fakeWorld()
  const done: RecordedAction[] = []
  const actions: Action[] = [actionSchema.parse({ atMs: 0, ...given })]
  await carryOut(actions, world, { startMs: now(), signal: new AbortController().signal, tell: one => done.push(one) })
  return { told, done }
}

// 60.5 s after the event's start 29 segments of 2 s have been published, the last one at 59 s.
const newest = 29

test.each<[object, unknown[]]>([
  [
    { do: 'stall-encoder', forMs: 3_000 },
    [
      ['pipeline-a', '/faults', { stallForMs: 3_000 }],
      ['pipeline-b', '/faults', { stallForMs: 3_000 }],
    ],
  ],
  [
    { do: 'defects', pipeline: 'a', kind: 'short', ms: 120, forMs: 50 },
    [['pipeline-a', '/faults', { defects: { kind: 'short', ms: 120, forMs: 50 } }]],
  ],
  [{ do: 'lose-pipeline', pipeline: 'b' }, [['pipeline-b', '/faults', { lost: true }]]],
  [{ do: 'lose-pipeline', pipeline: 'b', forMs: 9 }, [['pipeline-b', '/faults', { lostForMs: 9 }]]],
  [
    { do: 'publish-delay', pipeline: 'a', ms: 5, forMs: 9 },
    [['pipeline-a', '/faults', { delay: { ms: 5, forMs: 9 } }]],
  ],
  [{ do: 'raise-version' }, [['origin', '/version', {}]]],
  [
    { do: 'flush-edge' },
    [
      ['a1', '/flush', {}],
      ['b1', '/flush', {}],
    ],
  ],
  [{ do: 'flush-edge', edge: 'a1' }, [['a1', '/flush', {}]]],
  [
    { do: 'mask', pipeline: 'a', lastSegments: 3 },
    [['origin', '/mask', { pipeline: 'a', from: newest - 2, to: newest }]],
  ],
  [{ do: 'invalidate', lastSegments: 1 }, [['origin', '/invalidate', { from: newest, to: newest }]]],
  [{ do: 'notify', type: 'ad-break', text: 'x' }, [['origin', '/notify', { type: 'ad-break', text: 'x' }]]],
  [{ do: 'shed', on: true }, [['origin', '/faults', { shed: true }]]],
  [
    { do: 'origin-slow', ms: 20, forMs: 5 },
    [
      ['origin', '/faults', { slowMs: 20 }],
      ['origin', '/faults', { slowMs: 0 }],
    ],
  ],
  [
    { do: 'origin-down', forMs: 5 },
    [
      ['origin', '/faults', { down: true }],
      ['origin', '/faults', { down: false }],
    ],
  ],
  [{ do: 'fleet-size', players: 7 }, [['fleet', '/fleet', { players: 7 }]]],
  [{ do: 'kill-edge', edge: 'a1' }, [['kill', 'a1']]],
  [
    { do: 'restart-edge', edge: 'a1', downMs: 5 },
    [
      ['kill', 'a1'],
      ['revive', 'a1'],
    ],
  ],
])('%j tells %j', async (action, wanted) => {
  const { told, done } = await act(action)
  expect(told).toEqual(wanted)
  expect(done.map(({ action }) => action.do)).toEqual([
    (action as Action).do,
    ...(told.length > 1 && told.flat().includes('revive') ? ['revive-edge'] : []),
  ])
})

test.each<[object, unknown[], object[]]>([
  [
    { do: 'kill-origin', downMs: 5 },
    [
      ['kill-origin', 'eu'],
      ['revive-origin', 'eu'],
    ],
    [{ region: 'eu' }, { do: 'revive-origin', region: 'eu' }],
  ],
  [
    { do: 'lose-region', region: 'us', forMs: 5 },
    [
      ['kill-origin', 'us'],
      ['lose-data-centre', 'us'],
      ['restore-data-centre', 'us'],
      ['revive-origin', 'us'],
    ],
    [{ region: 'us' }, { do: 'restore-region', region: 'us' }],
  ],
  [
    { do: 'lose-region', region: 'us' },
    [
      ['kill-origin', 'us'],
      ['lose-data-centre', 'us'],
    ],
    [{ region: 'us' }],
  ],
  [{ do: 'kill-node' }, [['kill-node', 'eu', 1]], [{ region: 'eu', node: 'eu1' }]],
  [
    { do: 'kill-node', region: 'us', node: 2, downMs: 5 },
    [
      ['kill-node', 'us', 2],
      ['revive-node', 'us', 2],
    ],
    [{ region: 'us', node: 'us2' }, { do: 'revive-node' }],
  ],
  [{ do: 'kill-cache' }, [['kill-caches', undefined]], [{}]],
  [
    { do: 'kill-cache', server: 2, downMs: 5 },
    [
      ['kill-caches', 2],
      ['revive-caches', 2],
    ],
    [{ server: 2 }, { do: 'revive-cache' }],
  ],
  [
    { do: 'store-slow', ms: 300, forMs: 5, region: 'us' },
    [
      ['origin-us', '/faults', { storeSlowMs: 300 }],
      ['origin-us', '/faults', { storeSlowMs: 0 }],
    ],
    [{ region: 'us' }],
  ],
  [
    { do: 'store-fails', forMs: 5 },
    [
      ['origin', '/faults', { storeFails: true }],
      ['origin', '/faults', { storeFails: false }],
    ],
    [{}],
  ],
  [
    { do: 'tear-puts', pipeline: 'b', forMs: 9 },
    [['pipeline-b', '/faults', { tearPuts: { forMs: 9 } }]],
    [{ pipeline: 'b' }],
  ],
])('of the storage: %j tells %j and is recorded as %j', async (action, wanted, recorded) => {
  const { told, done } = await act(action)
  expect(told).toEqual(wanted)
  expect(done.map(({ action }) => action)).toMatchObject(recorded)
})

test('the record says which edge was the designated one', async () => {
  const { told, done } = await act({ do: 'kill-edge', edge: 'designated' })
  expect(told).toEqual([['kill', 'a2']])
  expect(done[0]?.action).toEqual({ atMs: 0, do: 'kill-edge', edge: 'a2' })
})

test('an action comes at its instant and not before', async () => {
  const beganMs = now() as number
  const { done } = await act({ atMs: 30, do: 'raise-version' })
  expect((done[0]?.atMs as number) - beganMs).toBeGreaterThanOrEqual(30)
})

test('a refused command is no action that took effect, and ends the run', async () => {
  const { world } = fakeWorld({ refuse: true })
  const done: RecordedAction[] = []
  const options = {
    startMs: now(),
    signal: new AbortController().signal,
    tell: (one: RecordedAction) => done.push(one),
  }
  await expect(carryOut([{ atMs: 0, do: 'raise-version' }], world, options)).rejects.toThrow('the command was refused')
  expect(done).toEqual([])
})

test('what the edges cannot do is told with the reason, and is not done', async () => {
  const { world, told } = fakeWorld({ cannot: { 'flush-edge': 'nobody can' } })
  const done: RecordedAction[] = []
  const actions: Action[] = [{ atMs: 0, do: 'flush-edge' }]
  const options = {
    startMs: now(),
    signal: new AbortController().signal,
    tell: (one: RecordedAction) => done.push(one),
  }
  await carryOut(actions, world, options)
  expect(done[0]?.action).toEqual({ atMs: 0, do: 'flush-edge', skipped: 'nobody can' })
  expect(told).toEqual([])
})

test('what has not come when the storm ends does not come any more', async () => {
  const { world, told } = fakeWorld()
  const storm = new AbortController()
  const acting = carryOut([{ atMs: 3_600_000, do: 'raise-version' }], world, {
    startMs: now(),
    signal: storm.signal,
    tell: () => undefined,
  })
  storm.abort()
  await expect(acting).rejects.toThrow()
  expect(told).toEqual([])
})
