import { mkdtempSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { segmentPath } from '../../live/address.ts'
import { now } from '../../process/clock.ts'
import { partSchema } from '../../results/record/part.ts'
import { MemoryStore } from '../store/memory.ts'
import { FolderStore } from './testing/folder-store.ts'
import { eventOf, startTestOrigin, type TestOrigin, until } from './testing/test-origin.fixture.ts'

// What an origin does when its store is slow, full, lost or broken; and when it must not ask it at all.

let folder: string
let store: FolderStore
let origin: TestOrigin
const backlog = () => ({ backlogUntilMs: (now() as number) + 60_000 })
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-faults-'))
  store = new FolderStore(folder)
})
afterEach(async () => {
  await origin.close()
  rmSync(folder, { recursive: true })
})

const start = async (event = eventOf(30_000), changes: object = backlog(), parts: object = { store }) => {
  origin = await startTestOrigin(event, changes, parts)
}
const get = (number: number) => origin.get(segmentPath('cup', 'v1', number))
const counts = async () => partSchema.parse(JSON.parse((await origin.control('GET /record')).text)).counts
const reasonOf = ({ text }: { text: string }): string => JSON.parse(text).reason

describe('a store that is lost in mid-run', () => {
  it('makes publishes fail with 503 and Retry-After, nothing half visible, until it is back', async () => {
    await start()
    await origin.control('POST /faults', { storeFails: true })
    const failed = await origin.publish(3, 'body of 3')
    expect([failed.status, reasonOf(failed), failed.headers['retry-after']]).toEqual([503, 'store-failed', '1'])
    expect((await get(3)).status).not.toBe(200)
    await origin.control('POST /faults', { storeFails: false })
    expect((await origin.publish(3, 'body of 3')).status).toBe(201)
    expect((await get(3)).text).toBe('body of 3')
  })

  it('that does not answer at all costs a publish the length of a segment, and no more', async () => {
    class Hanging extends MemoryStore {
      override put = () => new Promise<void>(() => undefined)
    }
    await start(eventOf(5_000, { segmentMs: 400 }), backlog(), { store: new Hanging() })
    const begunMs = performance.now()
    const failed = await origin.publish(3, 'body of 3')
    const tookMs = performance.now() - begunMs
    expect([failed.status, reasonOf(failed)]).toEqual([503, 'store-failed'])
    expect(tookMs).toBeGreaterThanOrEqual(400)
    expect(tookMs).toBeLessThan(2_000)
  })

  it('that is full refuses with a reason of its own, and reads go on', async () => {
    await start(eventOf(30_000), backlog(), { store: new MemoryStore(10) })
    await origin.publish(3, 'ten bytes.')
    const full = await origin.publish(4, 'x')
    expect([full.status, reasonOf(full), full.headers['retry-after']]).toEqual([503, 'store-full', '1'])
    expect((await get(3)).text).toBe('ten bytes.')
  })

  it('is told to people, who can look all the same', async () => {
    class Lost extends MemoryStore {
      override stats = () => Promise.reject(new Error('gone'))
    }
    await start(eventOf(0), {}, { store: new Lost() })
    const state = await origin.control('GET /state')
    expect([state.status, JSON.parse(state.text).store]).toMatchObject([200, { is: 'memory', unavailable: 'gone' }])
  })
})

describe('a body that is corrupt', () => {
  const damage = async (number: number, pipeline: string) => {
    const file = store.fileOf({ event: 'cup', rendition: 'v1', number, pipeline })
    const bytes = await readFile(file)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
    await writeFile(file, bytes)
  }

  it("gives way to the other pipeline's, for all who ask at once", async () => {
    await start()
    for (const pipeline of ['a', 'b']) await origin.publish(3, `of ${pipeline}`, pipeline)
    expect((await get(3)).text).toBe('of a')
    await damage(3, 'a')
    const replies = await Promise.all(Array.from({ length: 5 }, () => get(3)))
    for (const { status, text, headers } of replies) {
      expect([status, text, headers['live-pipeline']]).toEqual([200, 'of b', 'b'])
    }
    expect((await counts())['store.corrupt']).toBeGreaterThanOrEqual(1)
  })

  it('is a 503 for a moment where there is no other, and comes back when it is put again', async () => {
    await start()
    await origin.publish(3, 'of a')
    await damage(3, 'a')
    const lost = await get(3)
    expect([lost.status, reasonOf(lost)]).toEqual([503, 'store-failed'])
    expect(lost.headers['cdn-cache-control']).toMatch(/^max-age=0, max-age-ms=(2[5-9]|[34]\d)\d$/)
    const reads = (await counts()).store_reads
    expect((await get(3)).status).toBe(503)
    expect((await counts()).store_reads, 'what is known to be lost is not asked for').toBe(reads)
    await origin.publish(3, 'of b', 'b')
    expect((await get(3)).text).toBe('of b')
  })

  it('is found by an audit, which reads the others', async () => {
    await start()
    const acknowledged: object[] = []
    for (const number of [3, 4, 5]) {
      const { etag } = JSON.parse((await origin.publish(number, `body of ${number}`)).text)
      acknowledged.push({ pipeline: 'a', rendition: 'v1', number, etag })
    }
    await damage(4, 'a')
    acknowledged.push({ pipeline: 'b', rendition: 'v1', number: 5, etag: '"b-00000000-9"' })
    acknowledged.push({ pipeline: 'a', rendition: 'v1', number: 5, etag: 'nonsense' })
    const { audited, readable, lost } = JSON.parse((await origin.control('POST /audit', { acknowledged })).text)
    expect([audited, readable]).toEqual([5, 2])
    expect(lost).toHaveLength(3)
    expect(lost).toEqual(expect.arrayContaining([expect.objectContaining({ number: 4, why: expect.any(String) })]))
    const { audit_reads, store_reads } = await counts()
    expect([audit_reads, store_reads]).toEqual([4, undefined])
  })
})

describe('storage that must not be asked', () => {
  it('is not read by a 404 storm, nor by a decision between live and DVR', async () => {
    const event = eventOf(120_000, { dvrAfterMs: 20_000 })
    await start(event, backlog(), {})
    await origin.publish(5, 'an old one')
    await origin.control('POST /faults', { shed: true })
    await origin.control('POST /reset', {})
    const paths = [
      segmentPath('cup', 'v1', 5), // DVR: shed
      segmentPath('cup', 'v1', 6), // late
      segmentPath('cup', 'v1', 900), // too early
      segmentPath('cup', 'v1', 0), // outside
      segmentPath('cup', 'v9', 5),
      segmentPath('final', 'v1', 5),
      '/live/cup/manifest.mpd',
      '/live/cup/event.json',
    ]
    const seen = new Map<number, number>()
    for (let i = 0; i < 400; i++) {
      for (const { status } of await Promise.all(paths.map(path => origin.get(path)))) {
        seen.set(status, (seen.get(status) ?? 0) + 1)
      }
    }
    expect([...seen]).toEqual(
      expect.arrayContaining([
        [503, 400],
        [404, 2_000],
        [200, 800],
      ]),
    )
    const { store_reads, requests, ...others } = await counts()
    expect([requests, store_reads, others['store.memory.reads']]).toEqual([3_200, undefined, undefined])
  }, 60_000)
})

describe('a store that slows', () => {
  it('sheds DVR by the limiter, cacheable, while the live edge goes on; and stops when it is fast again', async () => {
    const event = eventOf(120_000, { dvrAfterMs: 20_000 })
    await start(event, { ...backlog(), limiter: { targetMs: 40, windowMs: 1_000, minReads: 10 } })
    const edge = Math.floor(((now() as number) - event.startMs - event.publishDelayMs) / event.segmentMs)
    for (const number of [5, edge]) await origin.publish(number, `body of ${number}`)
    expect((await get(5)).text).toBe('body of 5')
    await origin.control('POST /faults', { storeSlowMs: 60 })
    for (let i = 0; i < 12; i++) await get(edge)
    const shed = await get(5)
    expect([shed.status, reasonOf(shed)]).toEqual([503, 'shed'])
    expect(shed.headers['cdn-cache-control']).toMatch(/^max-age=[56], max-age-ms=[56]\d{3}$/)
    expect(shed.headers['cmsd-dynamic'] ?? '').toBe('')
    const live = await get(edge)
    expect([live.status, live.text, live.headers['cmsd-dynamic']]).toEqual([200, `body of ${edge}`, '"origin";du'])
    expect(JSON.parse((await origin.control('GET /state')).text).limiter).toMatchObject({ limiting: true })
    await origin.control('POST /faults', { storeSlowMs: 0 })
    await until(async () => (await get(5)).status === 200)
    expect(await counts()).toMatchObject({ 'limiter.started': 1, 'limiter.shed': expect.any(Number) })
  }, 30_000)

  it('is read once for all who ask for a segment at the same time', async () => {
    await start()
    await origin.publish(3, 'body of 3')
    await origin.control('POST /faults', { storeSlowMs: 100 })
    const replies = await Promise.all(Array.from({ length: 20 }, () => get(3)))
    expect(replies.every(({ text }) => text === 'body of 3')).toBe(true)
    const { store_reads, store_reads_shared } = await counts()
    expect([store_reads, (store_reads as number) + (store_reads_shared as number)]).toEqual([1, 20])
  })
})
