import { mkdtempSync, rmSync } from 'node:fs'
import { copyFile, readdir } from 'node:fs/promises'
import { createServer } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { decodeFromCompressedBase64 } from 'hdr-histogram-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { segmentPath } from '../../live/address.ts'
import { limits } from '../../live/limits.ts'
import { listen, urlOf } from '../../process/control.ts'
import { type Part, partSchema } from '../../results/record/part.ts'
import { OriginCore } from '../core/origin-core.ts'
import { etagOf } from './body-etag.ts'
import { Feed } from './feed.ts'
import { OriginBooks } from './origin-books.ts'
import { FolderStore } from './testing/folder-store.ts'
import { OriginProcesses } from './testing/origin-process.fixture.ts'
import { replay } from './testing/replay.fixture.ts'
import { eventOf, startTestOrigin, type TestOrigin, tokens, until } from './testing/test-origin.fixture.ts'

// Publish and delivery as origins of their own over one store: who listens where, what followers learn, and how soon.

/** Any store that several processes may open: the tests put a folder in its place. */
const shared = { is: 's3', endpoint: 'http://127.0.0.1:1', bucket: 'none' }

let folder: string
let origins: { close(): Promise<void> }[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-roles-'))
})
afterEach(async () => {
  await Promise.all(origins.map(origin => origin.close()))
  origins = []
  rmSync(folder, { recursive: true })
})

async function start(event: TestOrigin['event'], config: object, store = 'store'): Promise<TestOrigin> {
  const origin = await startTestOrigin(
    event,
    { store: shared, ...config },
    { store: new FolderStore(join(folder, store)) },
  )
  origins.push(origin)
  return origin
}

async function end(origin: { close(): Promise<void> }): Promise<void> {
  origins = origins.filter(each => each !== origin)
  await origin.close()
}

const follow = (...publishers: { urls: { control: string } }[]) => ({
  role: 'delivery',
  follow: publishers.map(({ urls }) => ({ region: 'eu', url: urls.control })),
})
const stateOf = async (origin: Pick<TestOrigin, 'control'>) => JSON.parse((await origin.control('GET /state')).text)
const recordOf = async (origin: Pick<TestOrigin, 'control'>): Promise<Part> =>
  partSchema.parse(JSON.parse((await origin.control('GET /record')).text))
const isFollowing = (origin: Pick<TestOrigin, 'control'>) => async () =>
  (await stateOf(origin)).follows.every(({ liveSinceMs }: { liveSinceMs?: number }) => liveSinceMs !== undefined)
const held = async (origin: Pick<TestOrigin, 'control'>): Promise<number> => (await stateOf(origin)).holds

describe('roles', () => {
  it('open the listeners of their own, and no others', async () => {
    const event = eventOf(0)
    const publisher = await start(event, { role: 'publish' })
    const deliverer = await start(event, follow(publisher))
    expect(publisher.urls).toEqual({ publish: expect.any(String), control: expect.any(String), delivery: '' })
    expect(deliverer.urls).toEqual({ delivery: expect.any(String), control: expect.any(String), publish: '' })
    expect(await stateOf(publisher)).toMatchObject({ role: 'publish', listen: { publish: publisher.urls.publish } })
    expect((await deliverer.control('GET /feed')).status).toBe(404)
  })

  it('let a delivery process say where commands go, and take faults and audits itself', async () => {
    const publisher = await start(eventOf(0), { role: 'publish' })
    const deliverer = await start(publisher.event, follow(publisher))
    for (const command of ['mask', 'invalidate', 'version', 'notify']) {
      const { status, text } = await deliverer.control(`POST /${command}`, {})
      expect([status, text]).toEqual([409, expect.stringContaining(publisher.urls.control)])
    }
    expect((await deliverer.control('POST /faults', { shed: true })).status).toBe(200)
    expect((await deliverer.control('POST /audit', { acknowledged: [] })).status).toBe(200)
  })

  it('need the token for the feed, and say who is too many', async () => {
    const publisher = await start(eventOf(0), { role: 'publish' })
    expect((await fetch(`${publisher.urls.control}/feed`)).status).toBe(401)
    const headers = { authorization: `Bearer ${tokens.control}` }
    const ask = () => fetch(`${publisher.urls.control}/feed`, { headers })
    const feeds = await Promise.all(Array.from({ length: limits.feedFollowers }, ask))
    expect(feeds.map(({ status }) => status)).toEqual(feeds.map(() => 200))
    expect((await ask()).status).toBe(503)
    await Promise.all(feeds.map(({ body }) => body?.cancel()))
    await until(async () => (await ask()).status === 200)
  })
})

describe('a delivery process', () => {
  it('releases what it holds when the publish process has stored it, with one read for all', async () => {
    const publisher = await start(eventOf(1_500), { role: 'publish' })
    const decisionLog = join(folder, 'decisions.ndjson')
    const deliverer = await start(publisher.event, { ...follow(publisher), decisionLog })
    await publisher.publish(1, 'before')
    await until(async () => (await deliverer.get(segmentPath('cup', 'v1', 1))).text === 'before')
    await deliverer.control('POST /reset', {})
    const waiting = Array.from({ length: 50 }, () => deliverer.get(segmentPath('cup', 'v1', 2)))
    await until(async () => (await held(deliverer)) === 50)
    expect((await publisher.publish(2, 'body of 2')).status).toBe(201)
    for (const { status, text, headers } of await Promise.all(waiting)) {
      expect([status, text, headers['live-pipeline']]).toEqual([200, 'body of 2', 'a'])
    }
    const { counts, histograms } = await recordOf(deliverer)
    expect(counts.store_reads).toBe(1)
    expect(decodeFromCompressedBase64(histograms.publish_to_hold_visible_ms as string).totalCount).toBe(50)
    expect(decodeFromCompressedBase64(histograms['store.visible_ms.eu'] as string).totalCount).toBe(1)
    await end(deliverer)
    expect(await replay(decisionLog)).toEqual(expect.arrayContaining(['ask', 'pushed', 'learned', 'readEnded']))
  })

  it("follows an operator's commands, also those that were given before it came", async () => {
    const publisher = await start(eventOf(1_500), { role: 'publish' })
    for (const pipeline of ['a', 'b']) await publisher.publish(1, `of ${pipeline}`, pipeline)
    await publisher.control('POST /mask', { pipeline: 'a', from: 1, to: 1 })
    const deliverer = await start(publisher.event, follow(publisher))
    await until(isFollowing(deliverer))
    expect((await deliverer.get(segmentPath('cup', 'v1', 1))).text).toBe('of b')
    await publisher.control('POST /mask', { pipeline: 'a', from: 1, to: 1, lift: true })
    await publisher.control('POST /mask', { pipeline: 'b', from: 1, to: 1 })
    await publisher.control('POST /version')
    await publisher.control('POST /notify', { type: 'ad-break', atMs: 1 })
    await publisher.control('POST /invalidate', { from: 1, to: 1 })
    await until(
      async () => (await deliverer.get(segmentPath('cup', 'v1', 1))).headers['live-version'] === '2;sequence=1',
    )
    const { text, headers } = await deliverer.get(segmentPath('cup', 'v1', 1))
    expect([text, headers['live-notifications']]).toEqual(['of a', expect.stringContaining('ad-break')])
  })

  it('goes on with what it knows while the feed is lost, and lists the store when it is back', async () => {
    const event = eventOf(1_500)
    const first = await start(event, { role: 'publish' })
    const controlPort = Number(new URL(first.urls.control).port)
    const deliverer = await start(event, follow(first))
    await until(isFollowing(deliverer))
    await first.publish(1, 'body of 1')
    await until(async () => (await deliverer.get(segmentPath('cup', 'v1', 1))).status === 200)
    await end(first)
    await until(async () => !(await isFollowing(deliverer)()))
    expect((await deliverer.get(segmentPath('cup', 'v1', 1))).text).toBe('body of 1')
    // Another publish process takes over the packagers meanwhile; nobody here follows it.
    const second = await start(event, { role: 'publish' })
    await second.publish(2, 'body of 2')
    await start(event, { role: 'publish', controlPort })
    await until(isFollowing(deliverer))
    await until(async () => (await deliverer.get(segmentPath('cup', 'v1', 2))).text === 'body of 2')
    expect((await recordOf(deliverer)).counts['feed.lost']).toBeGreaterThanOrEqual(1)
  })

  it('refuses the feed of another event, and says so', async () => {
    const publisher = await start(eventOf(0), { role: 'publish' })
    const deliverer = await start(eventOf(9_000), follow(publisher), 'other')
    await until(async () => ((await recordOf(deliverer)).counts['feed.lost'] ?? 0) >= 2)
    expect(await isFollowing(deliverer)()).toBe(false)
  })
})

describe('a region that follows another', () => {
  it('shows a segment when its own store has it, and uses that read for those who wait', async () => {
    const event = eventOf(1_500)
    const us = await start(event, { role: 'both', region: 'us' }, 'us')
    const eu = await start(event, { role: 'both', follow: [{ region: 'us', url: us.urls.control }] }, 'eu')
    await until(isFollowing(eu))
    const waiting = [eu.get(segmentPath('cup', 'v1', 2)), eu.get(segmentPath('cup', 'v1', 2))]
    await until(async () => (await held(eu)) === 2)
    expect((await us.publish(2, 'body of 2')).status).toBe(201)
    await until(async () => ((await recordOf(eu)).counts['store.visible_retries'] ?? 0) >= 2)
    expect(await held(eu), 'it is not replicated yet').toBe(2)
    const [file] = (await readdir(join(folder, 'us'))).filter(name => name.startsWith('c-'))
    await copyFile(join(folder, 'us', file as string), join(folder, 'eu', file as string))
    for (const { status, text, headers } of await Promise.all(waiting)) {
      expect([status, text, headers['live-region']]).toEqual([200, 'body of 2', 'eu'])
    }
    const { counts, histograms } = await recordOf(eu)
    const looks = counts.store_reads as number
    expect(looks, 'one that found it, and none for those who waited').toBe((counts['store.visible_retries'] ?? 0) + 1)
    expect(decodeFromCompressedBase64(histograms['store.visible_ms.us'] as string).totalCount).toBe(1)
  })

  it('takes over only what operators command where the stores are apart', async () => {
    const event = eventOf(1_500)
    const memory = { store: { is: 'memory' } }
    const us = await startTestOrigin(event, { ...memory, region: 'us' })
    origins.push(us)
    const eu = await startTestOrigin(event, { ...memory, follow: [{ region: 'us', url: us.urls.control }] })
    origins.push(eu)
    await until(isFollowing(eu))
    await us.publish(1, 'body of 1')
    await us.control('POST /version')
    await until(async () => (await stateOf(eu)).event.version === 2)
    const { counts } = await recordOf(eu)
    expect([counts.store_reads, counts.store_writes]).toEqual([undefined, undefined])
  })
})

describe('two processes that publish', () => {
  it('take commands in both, and each has all of them, also after a restart', async () => {
    const event = eventOf(1_500)
    const first = await start(event, { role: 'publish' })
    const following = (...others: TestOrigin[]) => ({ ...follow(...others), role: 'publish' })
    const second = await start(event, following(first))
    const controlPort = Number(new URL(first.urls.control).port)
    await end(first)
    const again = await start(event, { ...following(second), controlPort })
    await until(isFollowing(again))
    await until(isFollowing(second))
    await again.control('POST /mask', { pipeline: 'a', from: 1, to: 2 })
    await second.control('POST /notify', { type: 'ad-break', atMs: 1 })
    await again.control('POST /version')
    const commanded = async (origin: TestOrigin) => {
      const { masks, event, notifications } = await stateOf(origin)
      return [masks.length, event.version, notifications.notifications.length].join()
    }
    for (const origin of [again, second]) await until(async () => (await commanded(origin)) === '1,2,1')
    await end(again)
    await end(second)
    const third = await start(event, { role: 'publish' })
    expect(await commanded(third)).toBe('1,2,1')
  })
})

describe('the feed', () => {
  it('drops a follower that does not read, and bounds what waits for it', async () => {
    const event = eventOf(0)
    const core = new OriginCore({ event, region: 'eu', seed: 1, startedMs: 0 })
    const books = new OriginBooks('origin')
    const feed = new Feed({ name: 'origin', region: 'eu', core, books })
    const server = createServer((_, response) => feed.take(response))
    await listen(server, 0, '127.0.0.1')
    const socket = connect(Number(new URL(urlOf(server)).port), '127.0.0.1')
    socket.pause().write('GET /feed HTTP/1.1\r\nhost: a\r\n\r\n')
    await until(async () => feed.followers === 1)
    const body = Buffer.alloc(100)
    const { rendition, number, pipeline } = { rendition: 'v1', number: 1, pipeline: 'a' }
    const candidate = { pipeline, rendition, number, etag: etagOf('a', body), bodyBytes: 100, defects: [], storedMs: 1 }
    let lines = 0
    for (; feed.followers === 1; lines++) feed.announce({ say: 'stored', candidate })
    expect(books.counts().get('feed.dropped')).toBe(1)
    // What the kernel takes for a socket is a few MiB; the rest is the limit.
    expect(lines * JSON.stringify(candidate).length).toBeLessThan(32 * 1024 * 1024)
    feed.close()
    socket.destroy()
    await new Promise(done => server.close(done))
  })
})

describe('publish and delivery as processes', () => {
  it('show a publication to those who wait within 50 ms at the median', async () => {
    const processes = new OriginProcesses()
    const event = eventOf(0, { segmentMs: 200, publishDelayMs: 100, holdAheadMs: 300, dvrWindowMs: 60_000 })
    const common = { event, store: shared }
    const store = processes.folder('store')
    const publisher = await processes.start({ ...common, name: 'p', role: 'publish' } as never, store)
    const deliverer = await processes.start({ ...common, name: 'd', ...follow(publisher) } as never, store)
    await until(isFollowing(deliverer))
    await publisher.publish(2, 'the first push')
    const body = Buffer.alloc(250_000, 'x')
    const start = Math.floor((Date.now() - event.startMs) / event.segmentMs) + 2
    for (let number = start; number < start + 40; number++) {
      const path = segmentPath('cup', 'v1', number)
      const waitMs = event.startMs + number * event.segmentMs - Date.now()
      if (waitMs > 0) await new Promise(done => setTimeout(done, waitMs))
      const waiting = Array.from({ length: 5 }, () => deliverer.get(path))
      await until(async () => (await held(deliverer)) > 0)
      expect((await publisher.publish(number, body)).status).toBe(201)
      for (const { status, body: got } of await Promise.all(waiting))
        expect([status, got.length]).toEqual([200, 250_000])
    }
    const { counts, histograms } = await recordOf(deliverer)
    const visible = decodeFromCompressedBase64(histograms.publish_to_hold_visible_ms as string)
    const medianMs = visible.getValueAtPercentile(50) / 1_000
    process.stderr.write(
      `publish to hold visible, over processes: p50 ${medianMs} ms, p99 ${visible.getValueAtPercentile(99) / 1_000} ms of ${visible.totalCount}; ${counts.store_reads} reads\n`,
    )
    expect(visible.totalCount).toBeGreaterThanOrEqual(40)
    expect(medianMs).toBeLessThanOrEqual(50)
    await processes.close()
  }, 60_000)
})
