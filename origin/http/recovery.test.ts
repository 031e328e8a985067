import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { segmentPath } from '../../live/address.ts'
import { now } from '../../process/clock.ts'
import { originConfigSchema } from './config.ts'
import { openPatiently } from './open-patiently.ts'
import { OriginProcesses } from './testing/origin-process.fixture.ts'
import { replay } from './testing/replay.fixture.ts'
import { eventOf, until } from './testing/test-origin.fixture.ts'

// An origin that is killed and started again on the store that it had: nothing that was acknowledged is lost, and what
// operators commanded stands. The embedded store, as `tidegate origin` opens it.

let processes: OriginProcesses
beforeAll(() => {
  processes = new OriginProcesses()
})
afterAll(() => processes.close())

const configOf = (name: string, event = eventOf(30_000)) => ({
  name,
  event,
  store: { is: 'lsm' as const, folder: processes.folder(`${name}-store`) },
  backlogUntilMs: (now() as number) + 60_000,
  decisionLog: processes.folder(`${name}.ndjson`),
})

describe('an origin killed with SIGKILL', () => {
  it('has everything that it acknowledged when it is started again, and goes on', async () => {
    const config = configOf('killed')
    const first = await processes.start(config)
    const acknowledged: { pipeline: string; rendition: string; number: number; etag: string; body: string }[] = []
    // Packagers put without end; the kill comes in the middle of it.
    const put = async (number: number, pipeline: string): Promise<void> => {
      const body = `segment ${number} of ${pipeline} `.repeat(20_000)
      const reply = await first.publish(number, body, pipeline).catch(() => undefined)
      if (reply?.status !== 201) return
      acknowledged.push({ pipeline, rendition: 'v1', number, etag: JSON.parse(reply.text).etag, body })
    }
    await first.put('/ingest/a/cup/v1/init.mp4', 'init of a')
    const puts = Array.from({ length: 15 }, (_, i) => ['a', 'b'].map(pipeline => put(i + 1, pipeline))).flat()
    await until(async () => acknowledged.length >= 10)
    await first.kill()
    await Promise.all(puts)
    const second = await processes.start(config)
    expect(second.said()).toMatch(/killed found in its store of cup: \d+ candidates, numbers 1 to \d+: took up \d+/)
    const audited = await second.control('POST /audit', {
      acknowledged: acknowledged.map(({ body: _, ...each }) => each),
    })
    expect(JSON.parse(audited.text)).toEqual({ audited: acknowledged.length, readable: acknowledged.length, lost: [] })
    for (const { number } of acknowledged) {
      const { status, text, headers } = await second.get(segmentPath('cup', 'v1', number))
      const served = acknowledged.find(each => each.number === number && each.pipeline === headers['live-pipeline'])
      expect([status, text === served?.body]).toEqual([200, true])
    }
    expect((await second.get('/live/cup/v1/init.mp4')).text).toBe('init of a')
    const { pipeline, number, body } = acknowledged[0] as (typeof acknowledged)[number]
    expect((await second.publish(number, body, pipeline)).status, 'a retry of what it had').toBe(200)
    expect((await second.publish(16, 'the next one')).status).toBe(201)
    expect(await second.stop()).toBe(0)
  }, 30_000)

  it('keeps what operators commanded, and orders notifications across its lives', async () => {
    const config = configOf('commanded')
    const first = await processes.start(config)
    for (const pipeline of ['a', 'b']) await first.publish(5, `of ${pipeline}`, pipeline)
    await first.control('POST /version')
    await first.control('POST /mask', { pipeline: 'a', from: 5, to: 5 })
    await first.control('POST /invalidate', { from: 1, to: 5 })
    await first.control('POST /notify', { type: 'ad-break', atMs: 7 })
    const before = await first.get(segmentPath('cup', 'v1', 5))
    await first.kill()
    const second = await processes.start(config)
    const after = await second.get(segmentPath('cup', 'v1', 5))
    expect([after.status, after.text, after.headers['live-version']]).toEqual([200, 'of b', '2;sequence=1'])
    expect([before, after].map(({ headers }) => headers['live-notifications'])).toEqual([
      '"state";version=2;epoch=1;sequence=1, "ad-break";sequence=1;at-ms=7',
      '"state";version=2;epoch=2;sequence=1, "ad-break";sequence=1;at-ms=7',
    ])
    await second.stop()
  }, 30_000)

  it('writes a decision log from which its second life can be replayed', async () => {
    const config = configOf('replayed')
    const first = await processes.start(config)
    for (const number of [3, 4]) await first.publish(number, `body of ${number}`)
    await first.control('POST /mask', { pipeline: 'b', from: 3, to: 3 })
    await first.kill()
    const second = await processes.start(config)
    await second.get(segmentPath('cup', 'v1', 3))
    await second.publish(5, 'body of 5')
    await second.get(segmentPath('cup', 'v1', 99))
    await second.stop()
    expect(await replay(config.decisionLog)).toEqual(
      expect.arrayContaining(['adopt', 'raiseEpoch', 'restore', 'ask', 'stored', 'readEnded']),
    )
  }, 30_000)
})

describe('an origin that is started', () => {
  it('removes what has left the window', async () => {
    const event = eventOf(30_000)
    const config = configOf('aged', event)
    const first = await processes.start(config)
    for (const number of [2, 14]) await first.publish(number, `body of ${number}`)
    await first.stop()
    const second = await processes.start({ ...config, event: { ...event, dvrWindowMs: 20_000 } })
    expect(second.said()).toContain('2 candidates, numbers 2 to 14: took up 1, removed 1 that had left the window')
    await until(async () => JSON.parse((await second.control('GET /state')).text).store.candidates === 1)
    await second.stop()
  }, 30_000)

  it('refuses a store that holds another event of this name', async () => {
    const config = configOf('mistaken')
    const first = await processes.start(config)
    await first.stop()
    const { ended, said } = processes.spawn({
      ...config,
      event: { ...config.event, startMs: config.event.startMs + 1 },
    })
    expect(await ended).toBe(2)
    expect(said()).toMatch(/is of another one: its template is .*give this event another name, or another store\n$/)
    expect(said()).not.toContain('    at ')
  })

  it('refuses split roles over a store of one process, with the alternative', async () => {
    for (const [store, role] of [
      ['lsm', 'publish'],
      ['memory', 'delivery'],
    ]) {
      const { name, event } = configOf('split')
      const { ended, said } = processes.spawn(
        { name, event },
        undefined,
        '--role',
        role as string,
        '--store',
        store as string,
      )
      expect(await ended).toBe(2)
      expect(said()).toMatch(
        new RegExp(
          `role: '${role}' needs a store that several processes can open at once, and '${store}' serves one process`,
        ),
      )
      expect(said()).toContain("name one of cassandra, s3, or take the role 'both'")
    }
  })

  it('says what to do when its store cannot be used, and waits for it when it is told to', async () => {
    const config = configOf('waiting')
    const first = await processes.start(config)
    const refused = processes.spawn({ ...config, decisionLog: undefined })
    expect(await refused.ended).toBe(1)
    expect(refused.said()).toMatch(
      /the embedded store in .* cannot be reached: .*; start it, or wait for it with --wait/,
    )
    expect(refused.said()).not.toContain('    at ')
    const waiting = processes.spawn({ ...config, storeWaitMs: 20_000 })
    await until(async () => /waiting for the embedded store in .*, \d+ s more: /.test(waiting.said()))
    await first.stop()
    await new Promise(done => waiting.child.stdout.once('data', done))
    waiting.child.kill('SIGTERM')
    expect(await waiting.ended).toBe(0)
  }, 30_000)

  it('tells while it waits how long it will', async () => {
    const config = originConfigSchema.parse({ ...configOf('patient'), storeWaitMs: 900 })
    const options = { budgetMs: 1_000, keepMs: 1_000 }
    const holder = await openPatiently(config, options)
    const told: string[] = []
    const refused = openPatiently(config, options, line => told.push(line))
    await expect(refused).rejects.toThrow(/patient-store cannot be reached after 0.9 s: .*; start it$/)
    expect(told).toEqual([expect.stringMatching(/^waiting for the embedded store in .*, 1 s more: /)])
    await holder.close()
  })
})
