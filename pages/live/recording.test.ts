import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { Recording, readRecording } from './recording.ts'
import { aSession } from './session.fixture.ts'

const folder = mkdtempSync(join(tmpdir(), 'tidegate-recording-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function recorded(name: string, limitBytes?: number): Promise<string> {
  const recording = new Recording(join(folder, name), limitBytes)
  for (const message of aSession()) recording.add(JSON.stringify(message))
  await recording.close()
  return recording.file
}

describe('a recorded session', () => {
  it('is read as it was told', async () => {
    expect(readRecording(await recorded('whole.ndjson'))).toEqual(aSession())
  })

  it('is played as far as it goes when it has met its limit, or its process was killed', async () => {
    const file = await recorded('cut.ndjson', 4_000)
    const text = readFileSync(file, 'utf8')
    expect(text).toContain('"is":"cut"')
    const { length } = readRecording(file)
    expect(length).toBeGreaterThan(1)
    expect(length).toBeLessThan(aSession().length)
    const torn = join(folder, 'torn.ndjson')
    writeFileSync(torn, readFileSync(await recorded('torn-before.ndjson'), 'utf8').slice(0, -30))
    expect(readRecording(torn)).toEqual(aSession().slice(0, -1))
  })

  it.each([
    ['nothing', '', 'is no recording of a session'],
    ['another file', 'a line\nand another\n', 'its line 1 is not JSON'],
    ['a record of a run', '{"schema":"tidegate-record/1"}\n', 'is no recording of a session'],
    ['another version', '{"is":"opening","schema":"tidegate-demo/9"}\n', 'is a recording of tidegate-demo/9'],
  ])('is told from %s', (name, text, message) => {
    const file = join(folder, `${name}.txt`)
    writeFileSync(file, text)
    expect(() => readRecording(file)).toThrow(message)
  })

  it('says when there is no file', () => {
    expect(() => readRecording(join(folder, 'missing'))).toThrow('cannot be read')
  })
})
