import { describe, expect, test } from 'vitest'
import { unitFraction } from '../../live/random.ts'
import { captureEnd, expectedPublication, liveEdge, windowStart } from '../../live/template.ts'
import { aSetup, ladderEvent, type Request, type Script, World } from './world.fixture.ts'

const event = ladderEvent()
const names = (world: World) => world.notes.map(({ note }) => note.note)
const isSegment = (request: Request, rendition?: string) =>
  request.address.kind === 'segment' && (rendition === undefined || request.address.rendition === rendition)
const numberOf = ({ address }: Request) => (address.kind === 'segment' ? address.number : -1) as number
/** The first media3 index that plays the given format. */
const media3Index = (format: 'dash' | 'hls') => {
  for (let index = 0; ; index++) if (unitFraction(1, `media3/${index}`) < 0.5 === (format === 'dash')) return index
}

describe('a dash.js player', () => {
  test('joins, reads manifest and initialisation segments, and starts behind the live edge', () => {
    const world = new World(aSetup()).run(5_000)
    expect(world.requests[0]?.address).toEqual({ kind: 'manifest', event: 'final' })
    const inits = world.requests.flatMap(({ address }) => (address.kind === 'init' ? [address.rendition] : []))
    expect(inits.slice(0, 2)).toEqual(['v1', 'a1'])
    expect(new Set(inits).size).toBe(inits.length)
    expect(names(world).filter(name => !name.startsWith('switch'))).toEqual(['joined', 'started'])
    const describedMs = event.startMs + 60_250 + 30
    expect(world.segments('a1')[0]).toBe(
      `a1/${1 + Math.floor((describedMs - event.suggestedDelayMs - event.startMs) / 2_000)}`,
    )
    expect(world.segments('v')).toHaveLength(world.segments('a').length)
  })

  test('asks for each segment at the first scheduler tick after its availability by its own clock', () => {
    const clockErrorMs = -300
    const setup = aSetup({ clockErrorMs })
    const world = new World(setup).run(20_000)
    const live = world.requests.filter(request => isSegment(request, 'a1')).slice(3)
    expect(live.length).toBeGreaterThan(5)
    for (const request of live) {
      const { plannedMs } = request
      const availableMs = expectedPublication(event, numberOf(request)) - clockErrorMs
      expect(plannedMs).toBeGreaterThanOrEqual(availableMs)
      expect(plannedMs).toBeLessThan(availableMs + 500)
      expect((plannedMs - setup.joinMs) % 500).toBe(0)
    }
    expect(world.notesNamed('rebuffer')).toHaveLength(0)
  })

  test('tries a segment four times, 1 s apart, then leaves it out and goes on', () => {
    const missing = (liveEdge(event, aSetup().joinMs) as number) + 3
    const script: Script = request =>
      isSegment(request, 'a1') && numberOf(request) === missing ? { result: 404, waitMs: 0, transferMs: 0 } : undefined
    const world = new World(aSetup(), script).run(20_000)
    const tries = world.requests.filter(request => numberOf(request) === missing && isSegment(request, 'a1'))
    expect(tries.map(({ attempt }) => attempt)).toEqual([0, 1, 2, 3])
    const gaps = tries.map(({ plannedMs }) => plannedMs - (tries[0] as Request).plannedMs)
    expect(gaps).toEqual([0, 1_000, 2_000, 3_000])
    expect(world.segments('a1')).toContain(`a1/${missing + 1}`)
    expect(world.notesNamed('gave-up')).toHaveLength(0)
  })

  test('gives up after three segments in a row that never come', () => {
    const world = new World(aSetup(), request => (isSegment(request) ? { result: 503 } : undefined)).run(60_000)
    expect(world.segments('v')).toHaveLength(12)
    expect(names(world)).toEqual(['joined', 'gave-up', 'left'])
    expect(world.player.nextWakeMs()).toBeUndefined()
    expect(world.inFlight.size).toBe(0)
  })
})

describe('patience', () => {
  const everyFourth =
    (result: 404 | 'refused'): Script =>
    request =>
      isSegment(request) && numberOf(request) % 4 === 0 ? { result, waitMs: 0, transferMs: 0 } : undefined

  test('a segment that arrives ends the row of skipped ones', () => {
    const world = new World(aSetup(), everyFourth(404)).run(60_000)
    expect(names(world)).not.toContain('gave-up')
    expect(world.segments('a1').length).toBeGreaterThan(30)
  })

  test('a segment that arrives makes the viewer ready to reload again', () => {
    const world = new World(aSetup({ profile: 'hls.js' }), everyFourth('refused')).run(60_000)
    expect(world.requests.filter(({ address }) => address.kind === 'main-playlist').length).toBeGreaterThan(5)
    expect(names(world)).not.toContain('gave-up')
  })
})

describe('a Shaka player', () => {
  const setup = (index: number) => aSetup({ profile: 'shaka', index })

  test('looks every half segment, a second at most', () => {
    const shortEvent = ladderEvent({ segmentMs: 1_000 })
    for (const [of, everyMs] of [
      [event, 1_000],
      [shortEvent, 500],
    ] as const) {
      const own = aSetup({ profile: 'shaka', event: of })
      const live = new World(own)
        .run(20_000)
        .requests.filter(request => isSegment(request, 'a1'))
        .slice(6)
      expect(live.length).toBeGreaterThan(5)
      for (const { plannedMs } of live) expect((plannedMs - own.joinMs) % everyMs).toBe(0)
    }
  })

  test('asks on without end when every rung has failed, at instants of its own', () => {
    const failing: Script = request =>
      isSegment(request, 'a1') ? { result: 404, waitMs: 0, transferMs: 0 } : undefined
    const tries = [0, 1].map(index =>
      new World(setup(index), failing)
        .run(30_000)
        .requests.filter(request => isSegment(request, 'a1'))
        .map(({ plannedMs }) => plannedMs),
    ) as [number[], number[]]
    for (const times of tries) {
      expect(times.length).toBeGreaterThan(18)
      for (const [i, atMs] of times.slice(1).entries()) {
        const waitedMs = atMs - (times[i] as number)
        expect(waitedMs).toBeGreaterThanOrEqual(500)
        expect(waitedMs).toBeLessThanOrEqual(1_500)
      }
    }
    expect(tries[0]).not.toEqual(tries[1])
  })
})

describe('a player by RFC 8216', () => {
  test('takes the next variant when a segment is missed for the third time', () => {
    const own = aSetup({ profile: 'rfc8216' })
    const missing: Script = request =>
      isSegment(request, 'v1') ? { result: 404, waitMs: 0, transferMs: 0 } : undefined
    const world = new World(own, missing).run(10_000)
    const video = world.requests.filter(request => isSegment(request, 'v1'))
    expect(video.map(({ attempt }) => attempt).slice(0, 3)).toEqual([0, 1, 2])
    expect(video).toHaveLength(3)
    expect(world.segments('v').some(name => name.startsWith('v3/') || name.startsWith('v2/'))).toBe(true)
  })
})

describe('an hls.js player', () => {
  const setup = aSetup({ profile: 'hls.js' })

  test('reads the main playlist, both media playlists, and starts three target durations behind', () => {
    const world = new World(setup).run(1_000)
    expect(world.requests[0]?.address).toEqual({ kind: 'main-playlist', event: 'final' })
    const edge = liveEdge(event, setup.joinMs) as number
    expect(world.segments('a1')[0]).toBe(`a1/${edge - 2}`)
  })

  test('polls each playlist every target duration, half of it after an unchanged one, in the phase of its join', () => {
    const world = new World(setup, request => (request.address.kind === 'media-playlist' ? undefined : undefined)).run(
      20_000,
    )
    const polls = world.requests.filter(
      ({ address }) => address.kind === 'media-playlist' && address.rendition === 'a1',
    )
    const gaps = polls.slice(1).map(({ plannedMs }, i) => plannedMs - (polls[i] as Request).plannedMs)
    expect(new Set(gaps)).toEqual(new Set([2_000]))
    const stuck = new World(setup, request =>
      request.address.kind === 'media-playlist'
        ? { result: 200, playlist: { first: 1, last: 29, gaps: [], ended: false } }
        : undefined,
    ).run(10_000)
    const again = stuck.requests.filter(
      ({ address }) => address.kind === 'media-playlist' && address.rendition === 'a1',
    )
    expect(again.slice(1).map(({ plannedMs }, i) => plannedMs - (again[i] as Request).plannedMs)).toEqual([
      2_000,
      ...again.slice(2).map(() => 1_000),
    ])
  })

  test('asks only for what the playlist lists, and leaves its gaps out', () => {
    const edge = liveEdge(event, setup.joinMs) as number
    const gaps = [edge + 1]
    const world = new World(setup, ({ address }, at) =>
      address.kind === 'media-playlist'
        ? { result: 200, playlist: { first: 1, last: liveEdge(event, at), gaps, ended: false } }
        : undefined,
    ).run(12_000)
    expect(world.segments('a1')).not.toContain(`a1/${edge + 1}`)
    expect(world.segments('a1')).toContain(`a1/${edge + 2}`)
    for (const { output, atMs } of world.outputs) {
      if (output.do !== 'request' || output.address.kind !== 'segment') continue
      expect(output.address.number).toBeLessThanOrEqual(liveEdge(event, atMs) as number)
    }
  })

  test('never retries a 4xx: it walks the ladder, and has lost when every rung failed', () => {
    const world = new World(setup, request =>
      isSegment(request) && (request.address as { rendition: string }).rendition !== 'a1' ? { result: 404 } : undefined,
    ).run(30_000)
    const tries = world.segments('v')
    expect(new Set(tries).size).toBe(tries.length)
    expect(tries.map(name => name.split('/')[0]).toSorted()).toEqual(['v1', 'v2', 'v3'])
    expect(names(world).slice(-2)).toEqual(['gave-up', 'left'])
  })

  test('retries a 5xx after 1, 2, 4, 8, 8, 8 s before it leaves the rung', () => {
    const world = new World(setup, request =>
      isSegment(request, 'v1') ? { result: 503, waitMs: 0, transferMs: 0 } : undefined,
    ).run(40_000)
    const tries = world.requests.filter(request => isSegment(request, 'v1'))
    const gaps = tries.slice(1).map(({ plannedMs }, i) => plannedMs - (tries[i] as Request).plannedMs)
    expect(gaps.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 8_000, 8_000])
    expect(world.segments('v3').length + world.segments('v2').length).toBeGreaterThan(0)
  })

  test('tries four times more at once after a time-out of 10 s', () => {
    const world = new World(setup, request => (isSegment(request, 'v1') ? { result: 'never' } : undefined)).run(60_000)
    const tries = world.requests.filter(request => isSegment(request, 'v1'))
    expect(tries.slice(0, 5).map(({ plannedMs }) => plannedMs - (tries[0] as Request).plannedMs)).toEqual([
      0, 10_000, 20_000, 30_000, 40_000,
    ])
    expect(world.notesNamed('rebuffer').length + world.notesNamed('started').length).toBeGreaterThan(0)
  })
})

describe('a lost connection', () => {
  test('makes hls.js give up at once; the viewer reloads, and it plays on', () => {
    const setup = aSetup({ profile: 'hls.js' })
    let lost = false
    const world = new World(setup, () => (lost ? { result: 'refused', waitMs: 1, transferMs: 0 } : undefined)).run(
      8_000,
    )
    lost = true
    world.run(2_500)
    lost = false
    world.run(10_000)
    expect(world.requests.filter(({ address }) => address.kind === 'main-playlist').length).toBeGreaterThan(1)
    expect(names(world)).not.toContain('gave-up')
    expect(world.requests.at(-1)?.plannedMs).toBeGreaterThan(world.now - 2_100)
    expect(world.notesNamed('started')).toHaveLength(1)
  })

  test('that stays lost ends with the fourth failure', () => {
    const world = new World(aSetup({ profile: 'hls.js' }), () => ({ result: 'refused', waitMs: 0, transferMs: 0 }))
    world.run(20_000)
    const first = world.requests[0] as Request
    expect(world.requests.map(({ plannedMs }) => plannedMs - first.plannedMs)).toEqual([0, 1_000, 2_000, 3_000])
    expect(names(world)).toEqual(['joined', 'gave-up', 'left'])
  })
})

describe('a media3 player', () => {
  test('plays DASH or HLS, by seed and index', () => {
    for (const format of ['dash', 'hls'] as const) {
      const world = new World(aSetup({ profile: 'media3', index: media3Index(format) })).run(500)
      expect(world.requests[0]?.address.kind).toBe(format === 'dash' ? 'manifest' : 'main-playlist')
    }
  })

  test('leaves a rung for 60 s at the first 404, and comes back afterwards', () => {
    const setup = aSetup({ profile: 'media3', index: media3Index('dash') })
    let failing = false
    const world = new World(setup, request => (failing && isSegment(request, 'v3') ? { result: 404 } : undefined))
    world.run(20_000)
    expect(world.segments('v').at(-1)).toMatch(/^v3/)
    failing = true
    world.run(4_000)
    const leftAtMs = world.notesNamed('switch-down')[0]?.atMs as number
    failing = false
    world.run(120_000)
    const again = world.requests.find(request => isSegment(request, 'v3') && request.plannedMs > leftAtMs) as Request
    expect(again.plannedMs).toBeGreaterThanOrEqual(leftAtMs + 60_000)
    expect(again.plannedMs).toBeLessThan(leftAtMs + 64_000)
    expect(world.segments('v2').length).toBeGreaterThan(25)
  })

  test('retries after 0, 1, 2 s where no other rung is left, then gives up', () => {
    const setup = aSetup({ profile: 'media3', index: media3Index('dash') })
    const world = new World(setup, request =>
      isSegment(request, 'a1') ? { result: 404, waitMs: 0, transferMs: 0 } : undefined,
    ).run(20_000)
    const tries = world.requests.filter(request => isSegment(request, 'a1'))
    expect(tries.map(({ plannedMs }) => plannedMs - (tries[0] as Request).plannedMs)).toEqual([0, 0, 1_000, 3_000])
    expect(names(world)).toContain('gave-up')
  })
})

describe('the buffer', () => {
  test('runs empty when nothing comes, and the rebuffering is noted at its end with its length', () => {
    const setup = aSetup()
    let blocked = false
    const world = new World(setup, request => (isSegment(request) && blocked ? { result: 'never' } : undefined)).run(
      10_000,
    )
    blocked = true
    world.run(12_000)
    expect(world.notesNamed('rebuffer')).toHaveLength(0)
    blocked = false
    world.run(20_000)
    const lasted = world.notes.flatMap(({ note }) => (note.note === 'rebuffer' ? [note.lastedMs] : []))
    expect(lasted).toHaveLength(1)
    expect(lasted[0]).toBeGreaterThan(5_000)
  })

  test('at the end of the event it is played out, and the player leaves', () => {
    const ending = ladderEvent({ endMs: event.startMs + 80_000 })
    for (const profile of ['dash.js', 'hls.js'] as const) {
      const world = new World(aSetup({ event: ending, profile })).run(40_000)
      expect(names(world).at(-1)).toBe('left')
      expect(world.segments('a1').at(-1)).toBe('a1/40')
      expect(world.notesNamed('left')[0]?.atMs).toBeGreaterThan(captureEnd(ending, 40) as number)
    }
  })

  test('a seek into the window reads on from there in real time', () => {
    const joinMs = event.startMs + 200_000
    const setup = aSetup({ joinMs, seek: { atMs: joinMs + 5_000, behindMs: 100_000 } })
    const world = new World(setup).run(60_000)
    const after = world.requests.filter(request => isSegment(request, 'a1') && request.plannedMs >= joinMs + 5_000)
    const first = numberOf(after[0] as Request)
    expect(Math.abs(first - ((liveEdge(event, joinMs + 5_000) as number) - 50))).toBeLessThanOrEqual(1)
    const seconds = 55
    expect(after.length).toBeGreaterThanOrEqual(seconds / 2 + 18 / 2 - 2)
    expect(after.length).toBeLessThanOrEqual(seconds / 2 + 18 / 2 + 2)
  })
})

describe('a seek beyond the window', () => {
  test.each(['dash.js', 'hls.js'] as const)('%s asks for nothing that has left it', profile => {
    const short = ladderEvent({ dvrWindowMs: 30_000 })
    const setup = aSetup({ event: short, profile })
    const gone: string[] = []
    const world = new World(
      { ...setup, seek: { atMs: setup.joinMs + 3_000, behindMs: 500_000 } },
      ({ address }, at) => {
        if (address.kind === 'segment' && (address.number as number) < (windowStart(short, at) as number)) {
          gone.push(`${address.rendition}/${address.number}`)
        }
        return undefined
      },
    ).run(20_000)
    expect(gone).toEqual([])
    const sought = world.requests.find(
      request => isSegment(request) && request.plannedMs >= setup.joinMs + 3_000,
    ) as Request
    expect((liveEdge(short, sought.plannedMs) as number) - numberOf(sought)).toBeGreaterThan(10)
  })
})

describe('coming and going', () => {
  test('a late driver changes no plan: what was due is planned for when it was due', () => {
    const setup = aSetup()
    const inTime = new World(setup).run(10_000)
    const dueMs = inTime.player.nextWakeMs() as number
    const late = inTime.player.wake(dueMs + 137)
    expect(late.length).toBeGreaterThan(0)
    for (const output of late) expect(output).toMatchObject({ do: 'request', plannedMs: dueMs })
    expect(inTime.player.nextWakeMs()).toBeGreaterThan(dueMs + 137)
    expect(inTime.player.wake(dueMs)).toEqual([])
  })

  test('the outcome of a request that was aborted or never made changes nothing', () => {
    const world = new World(aSetup()).run(10_000)
    const wakeMs = world.player.nextWakeMs()
    const stranger = { request: 99_999, result: 503, sentMs: 0, firstByteMs: 0, lastByteMs: 0, bodyBytes: 0 }
    expect(world.player.responded(stranger, world.now)).toEqual([])
    expect(world.player.nextWakeMs()).toBe(wakeMs)
  })

  test('what it wants next has left the window: it goes back to the live edge', () => {
    const short = ladderEvent({ dvrWindowMs: 20_000 })
    let blocked = false
    const world = new World(aSetup({ event: short, profile: 'dash.js' }), request =>
      blocked && isSegment(request) ? { result: 'never' } : undefined,
    ).run(5_000)
    blocked = true
    world.run(30_000)
    blocked = false
    world.run(60_000)
    const last = world.requests.filter(request => isSegment(request, 'a1')).at(-1) as Request
    expect((liveEdge(short, last.plannedMs) as number) - numberOf(last)).toBeLessThanOrEqual(1)
    expect(world.notesNamed('rebuffer').length).toBeGreaterThan(0)
  })

  test('at half-time it asks for nothing and comes back at the live edge', () => {
    const joinMs = aSetup().joinMs
    for (const profile of ['dash.js', 'hls.js', 'media3', 'shaka', 'rfc8216'] as const) {
      const away = { fromMs: joinMs + 10_000, toMs: joinMs + 40_000 }
      const world = new World(aSetup({ profile, away })).run(60_000)
      const during = world.requests.filter(({ plannedMs }) => plannedMs >= away.fromMs && plannedMs < away.toMs)
      expect(during).toEqual([])
      const back = world.requests.find(request => isSegment(request, 'a1') && request.plannedMs >= away.toMs) as Request
      const behind = (liveEdge(event, back.plannedMs) as number) - numberOf(back)
      expect(behind).toBeLessThanOrEqual(3)
      expect(world.notesNamed('joined')).toHaveLength(1)
    }
  })

  test('it leaves when its session ends, and at once when it is told to; what is in flight is aborted', () => {
    const setup = aSetup()
    const world = new World({ ...setup, leaveMs: setup.joinMs + 9_000 }).run(20_000)
    expect(world.notes.at(-1)).toMatchObject({ atMs: setup.joinMs + 9_000, note: { note: 'left' } })
    expect(world.player.nextWakeMs()).toBeUndefined()

    const told = new World(setup, request => (isSegment(request) ? { result: 'never' } : undefined)).run(1_000)
    expect(told.inFlight.size).toBe(2)
    told.take(told.player.leaveNow(told.now))
    expect(told.inFlight.size).toBe(0)
    expect(names(told)).toEqual(['joined', 'left'])
  })
})

describe('a poller', () => {
  const poller = { everyMs: 100, aheadMs: 1_500 }

  test('asks every 100 ms from 1.5 s before the publication until it gets the segment, then for the next', () => {
    const world = new World(aSetup({ poller }), ({ address }, at) =>
      address.kind === 'segment' && at < (expectedPublication(event, address.number) as number)
        ? { result: 404, waitMs: 1, transferMs: 1 }
        : { result: 200, waitMs: 1, transferMs: 1 },
    ).run(20_000)
    const one = world.requests.filter(request => numberOf(request) === numberOf(world.requests[40] as Request))
    const first = (one[0] as Request).plannedMs
    expect(first).toBe((expectedPublication(event, numberOf(one[0] as Request)) as number) - 1_500)
    expect(one.map(({ plannedMs }) => plannedMs - first)).toEqual(one.map((_, i) => i * 100))
    expect(one).toHaveLength(16)
    expect(new Set(world.requests.map(({ address }) => (address as { rendition: string }).rendition)).size).toBe(1)
  })

  test('goes by its own clock, and on at once from a number that is gone', () => {
    const setup = aSetup({ poller, clockErrorMs: 400 })
    const world = new World(setup, () => ({ result: 410, waitMs: 1, transferMs: 1 })).run(10_000)
    for (const request of world.requests.slice(1)) {
      expect(request.plannedMs).toBe((expectedPublication(event, numberOf(request)) as number) - 1_500 - 400)
    }
    const asked = world.requests.map(numberOf)
    expect(asked.length).toBeGreaterThan(3)
    expect(new Set(asked).size).toBe(asked.length)
  })

  test('has one request in flight while it is held, and passes over a number that never comes', () => {
    const lost = (liveEdge(event, aSetup().joinMs) as number) + 2
    const world = new World(aSetup({ poller }), ({ address }) =>
      address.kind === 'segment' && address.number === lost ? { result: 404 } : undefined,
    ).run(30_000)
    expect(world.inFlightMax).toBe(1)
    expect(Math.max(...world.segments().map(name => Number(name.split('/')[1])))).toBeGreaterThan(lost + 3)
  })
})
