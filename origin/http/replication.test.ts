import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import type { Candidate } from '../core/verdict.ts'
import { assembleOrigin, type OriginAssembly } from './assemble.ts'
import { etagOf } from './body-etag.ts'
import { originConfigSchema } from './config.ts'
import { Replication } from './replication.ts'
import { FolderStore } from './testing/folder-store.ts'
import { eventOf, until } from './testing/test-origin.fixture.ts'

// What another region announces, and this region's store has late, never, or all at once.

let folder: string
let store: FolderStore
let assembly: OriginAssembly
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidegate-replication-'))
  store = new FolderStore(folder)
  assembly = await assembleOrigin(originConfigSchema.parse({ name: 'eu', event: eventOf(600_000) }), store)
})
afterEach(async () => {
  await assembly.close()
  rmSync(folder, { recursive: true })
})

const bodyOf = (number: number) => Buffer.from(`body of ${number}`)
const candidateOf = (number: number, rendition = 'v1'): Candidate => {
  const body = bodyOf(number)
  const etag = etagOf('a', body)
  return { pipeline: 'a', rendition, number, etag, bodyBytes: body.length, defects: [], storedMs: 1 }
}
const replicate = ({ origin }: OriginAssembly, candidate: Candidate) => {
  const { etag, bodyBytes, number } = candidate
  const meta = { etag, bodyBytes, arrivedMs: 1 }
  return store.put(origin.store.keyOf(candidate), bodyOf(number as number), meta, etag)
}
const count = (name: string) => assembly.origin.books.counts().get(name) ?? 0

it('gives up what never comes, once for however often it is announced, and counts it', async () => {
  const replication = new Replication(assembly.origin, 400)
  for (let i = 0; i < 3; i++) replication.await(candidateOf(250), 'us')
  await until(async () => count('store.never_visible') === 1)
  expect(assembly.origin.core.knows(candidateOf(250))).toBe(false)
  expect(count('store.visible_retries')).toBeGreaterThanOrEqual(1)
  expect(count('store_reads')).toBe(count('store.visible_retries') + 1)
  replication.close()
})

it('finds more than it looks for at once', async () => {
  const replication = new Replication(assembly.origin)
  const numbers = Array.from({ length: 130 }, (_, i) => 165 + i)
  const candidates = ['v1', 'a1'].flatMap(rendition => numbers.map(number => candidateOf(number, rendition)))
  expect(candidates.length).toBeGreaterThan(limits.replicationReads)
  for (const candidate of candidates) replication.await(candidate, 'us')
  for (const candidate of candidates.toReversed()) await replicate(assembly, candidate)
  await until(async () => candidates.every(candidate => assembly.origin.core.knows(candidate)))
  expect(count('store.never_visible')).toBe(0)
  const known = count('store_reads')
  replication.await(candidateOf(165), 'us')
  expect(count('store_reads'), 'what is known is not looked for').toBe(known)
  replication.close()
})
