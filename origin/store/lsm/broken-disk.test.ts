import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ClassicLevel } from 'classic-level'
import { describe, expect, it } from 'vitest'
import { RandomStream } from '../../../live/random.ts'
import { LsmStore } from './lsm-store.ts'
import { keys, seal } from './rows.ts'
import { candidate, counting, faultOf, freshFolder, isKept, type Put, putOf } from './testing/folders.fixture.ts'

const options = { budgetMs: 10_000, keepMs: 1e12 }
const open = (folder: string, more = {}) => LsmStore.open({ ...options, folder, ...more })

/** A folder with these candidates in table files: what is in the log at the end is put into one by opening again. */
async function folderWith(candidates: readonly Put[]): Promise<string> {
  const folder = freshFolder()
  const store = await open(folder)
  for (const each of candidates) await putOf(store, each)
  await store.close()
  await (await open(folder)).close()
  return folder
}
const tablesOf = (folder: string) =>
  readdirSync(folder)
    .filter(file => file.endsWith('.ldb'))
    .map(file => join(folder, file))
function flip(file: string, at: number, bit: number): void {
  const bytes = readFileSync(file)
  bytes[at] = (bytes[at] as number) ^ (1 << bit)
  writeFileSync(file, bytes)
}
/** Where `text` lies in the folder's table files. */
function find(folder: string, text: string): { file: string; at: number } {
  for (const file of tablesOf(folder)) {
    const at = readFileSync(file).indexOf(text)
    if (at >= 0) return { file, at }
  }
  throw new Error(`no table file of ${folder} has '${text}'`)
}

describe('a bit that flips on the disk', () => {
  it('of a chunk is found by our checksum, never served, counted, and made whole by the same PUT', async () => {
    const candidates = [1, 2, 3].map(number => candidate(number, 700_000))
    const [first, second, third] = candidates as [Put, Put, Put]
    const folder = await folderWith(candidates)
    const { file, at } = find(folder, 'body of 2, ')
    flip(file, at + 300, 5)
    const counts = counting()
    const store = await open(folder, { observer: counts.observer })
    const reading = store.get(second.key, second.meta)
    await expect(reading).rejects.toMatchObject({
      fault: 'corrupt',
      message: expect.stringMatching(/cup\/v1\/2\/a: chunk \d of 3/),
    })
    expect(counts.of('corrupt')).toBe(1)
    expect(await faultOf(store.get(second.key, second.meta, { from: 0, to: 700_000 - 1 }))).toBe('corrupt')
    for (const each of [first, third]) expect(await isKept(store, each)).toBe(true)
    await putOf(store, second)
    expect(await isKept(store, second)).toBe(true)
    expect(await store.stats()).toMatchObject({ candidates: 3, bytes: 2_100_000 })
    await store.close()
    const again = await open(folder)
    for (const each of candidates) expect(await isKept(again, each)).toBe(true)
    await again.close()
  })

  it('of a row takes its candidate away, and is counted', async () => {
    const candidates = [1, 2, 3].map(number => candidate(number, 1_000))
    const folder = await folderWith(candidates)
    const { file, at } = find(folder, '"number":2')
    flip(file, at + '"number":'.length, 0)
    const counts = counting()
    const store = await open(folder, { observer: counts.observer })
    expect(counts.of('corrupt')).toBe(1)
    expect((await store.stats()).candidates).toBe(2)
    const [first, second, third] = candidates as [Put, Put, Put]
    for (const each of [first, third]) expect(await isKept(store, each)).toBe(true)
    expect(await faultOf(store.get(second.key, second.meta))).toBe('missing')
    await putOf(store, second)
    expect(await isKept(store, second)).toBe(true)
    await store.close()
  })

  it('anywhere in the table files never makes other bytes of a body', { timeout: 120_000 }, async () => {
    const random = new RandomStream(5, 'flips')
    const candidates = Array.from({ length: 6 }, (_, number) => candidate(number, 100_000 * (number + 1)))
    const folder = await folderWith(candidates)
    const whole = new Map(tablesOf(folder).map(file => [file, readFileSync(file)]))
    const outcomes = { whole: 0, refused: 0 }
    for (let round = 0; round < 60; round++) {
      const [file, bytes] = [...whole][Math.floor(random.uniform(0, whole.size))] as [string, Buffer]
      // Every third near the end, where the tables' own index lies.
      const at = bytes.length - 1 - Math.floor(random.uniform(0, round % 3 === 0 ? 600 : bytes.length))
      flip(file, at, Math.floor(random.uniform(0, 8)))
      const store = await open(folder).catch(error => {
        expect(error.fault).toBe('corrupt')
        outcomes.refused++
      })
      for (const each of store ? candidates : []) {
        const fault = await isKept(store as LsmStore, each).then(
          kept => (kept ? 'none' : 'other bytes'),
          error => error.fault,
        )
        expect(['none', 'corrupt', 'missing', 'unavailable']).toContain(fault)
        if (fault === 'none') outcomes.whole++
        else outcomes.refused++
      }
      await store?.close()
      for (const [file, bytes] of whole) writeFileSync(file, bytes)
    }
    expect(outcomes.refused).toBeGreaterThan(0)
    expect(outcomes.whole).toBeGreaterThan(outcomes.refused)
  })
})

describe('a folder that cannot be used', () => {
  const failure = (folder: string) =>
    open(folder).then(
      () => undefined,
      error => error,
    )

  it('because another store has it is refused with who that is and what split roles need', async () => {
    const folder = freshFolder()
    const store = await open(folder)
    expect(await failure(folder)).toMatchObject({
      fault: 'unavailable',
      message: expect.stringMatching(new RegExp(`in use.*process ${process.pid} .*cassandra or s3`)),
    })
    await store.close()
    await (await open(folder)).close()
  })

  it('because it is a file is refused with its name', async () => {
    const file = join(freshFolder(), 'file')
    writeFileSync(file, 'not a folder')
    expect(await failure(join(file, 'store'))).toMatchObject({
      fault: 'unavailable',
      message: expect.stringContaining(`${file}/store cannot be opened: ENOTDIR`),
    })
  })

  it('because its head is broken is refused with what to do', async () => {
    const folder = await folderWith([candidate(1, 10)])
    writeFileSync(join(folder, 'CURRENT'), 'junk')
    expect(await failure(folder)).toMatchObject({
      fault: 'corrupt',
      message: expect.stringContaining('Move the folder away'),
    })
  })

  it('because another version or something else wrote it is refused with the words to migrate', async () => {
    const other = freshFolder()
    const write = async (key: string, value: Uint8Array) => {
      const level = new ClassicLevel<string, Uint8Array>(other, { valueEncoding: 'view' })
      await level.put(key, value)
      await level.close()
    }
    await write('somebody', Buffer.from('else'))
    expect(await failure(other)).toMatchObject({ fault: 'schema', message: expect.stringContaining("'somebody'") })
    await write(keys.schema, seal(keys.schema, '2'))
    expect(await failure(other)).toMatchObject({
      fault: 'schema',
      message: expect.stringMatching(/version 2, this is 1.*migrate/),
    })
    await write(keys.schema, Buffer.from('????"2"'))
    expect(await failure(other)).toMatchObject({ fault: 'schema', message: expect.stringContaining('cannot be read') })
  })
})
