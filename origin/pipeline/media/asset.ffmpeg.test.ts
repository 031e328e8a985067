import { spawnSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { initSegment, loadAsset, mediaSegment, segmentTiming } from './asset.ts'

// What a real decoder makes of three loops of the asset, put together as a player does it.

const asset = loadAsset()
const loops = 3
const segmentCount = 12

const run = (command: string, commandArguments: string[], input?: Buffer) =>
  spawnSync(command, commandArguments, { input, maxBuffer: 64 * 1024 * 1024 })

const missing = ['ffmpeg', 'ffprobe'].filter(command => run(command, ['-version']).status !== 0)
if (missing.length > 0) {
  console.warn(
    `SKIPPED: ffmpeg is not installed (missing: ${missing.join(', ')}); nothing has decoded the rewritten media`,
  )
}

/** The init segment and `segmentCount` consecutive segments, from the event's segment `from` on. */
const stream = (name: string, from: number): Buffer => {
  const segments = Array.from({ length: segmentCount }, (_, i) =>
    mediaSegment(asset, name, { indexFromStart: from + i, wallClockMs: 1_763_000_000_000 + (from + i) * 2000 }),
  )
  return Buffer.concat([initSegment(asset, name), ...segments])
}

type Packet = { pts: number; dts: number; flags: string }

const packets = (bytes: Buffer): Packet[] => {
  const entries = ['-show_entries', 'packet=pts,dts,flags', '-of', 'json']
  return JSON.parse(run('ffprobe', ['-v', 'error', ...entries, '-'], bytes).stdout.toString()).packets
}

describe.each(asset.renditions.map(rendition => ({ rendition, name: rendition.description.name })))(
  '$name, three loops',
  ({ rendition, name }) => {
    // 1,000,001 segments are 23 days: 32 bits of 90 kHz ticks have long run out, and the loop is entered at its second.
    const starts = [0, 1_000_001]

    it.skipIf(missing.length > 0).each(starts)('decode without a word, from segment %i on', from => {
      const { status, stderr } = run(
        'ffmpeg',
        ['-v', 'error', '-xerror', '-i', '-', '-f', 'null', '-'],
        stream(name, from),
      )
      expect(stderr.toString()).toBe('')
      expect(status).toBe(0)
    })

    it.skipIf(missing.length > 0).each(starts)('have timestamps without a gap, from segment %i on', from => {
      const found = packets(stream(name, from))
      const samples = Array.from({ length: segmentCount }, (_, i) => rendition.segments[(from + i) % 4]!.sampleCount)
      expect(found).toHaveLength(samples.reduce((sum, count) => sum + count, 0))
      let expected = segmentTiming(rendition, from).decodeTicks
      const sampleTicks = rendition.segments[0]!.durationTicks / rendition.segments[0]!.sampleCount
      for (const packet of found) {
        expect([packet.pts, packet.dts]).toEqual([expected, expected])
        expected += sampleTicks
      }
      expect(expected).toBe(segmentTiming(rendition, from + segmentCount).decodeTicks)
      const firsts = samples.map((_, i) => samples.slice(0, i).reduce((sum, count) => sum + count, 0))
      for (const first of firsts) expect(found[first]!.flags).toContain('K')
    })
  },
)

/** What the asset's maker had encoded, both channels mixed: two tones, and a beep at every whole second. */
const sourceAt = (timeS: number): number => {
  const tone = (hertz: number) => Math.sin(2 * Math.PI * hertz * timeS)
  const sinceBeepS = timeS % 1
  const beep = sinceBeepS < 0.1 ? tone(880) * Math.sin((Math.PI * sinceBeepS) / 0.1) ** 2 : 0
  return 0.04 * tone(220) + 0.04 * tone(330) + 0.25 * beep
}

describe('the sound', () => {
  it.skipIf(missing.length > 0)('is the source over all joins: no click, no delay, no missing sample', () => {
    const { stdout } = run('ffmpeg', ['-v', 'error', '-i', '-', '-ac', '1', '-f', 's16le', '-'], stream('a1', 0))
    const frames = (loops * 8 * 48_000) / 1024
    expect(stdout.byteLength).toBe(frames * 1024 * 2)
    const errorOf = (frame: number) => {
      const at = Array.from({ length: 1024 }, (_, i) => frame * 1024 + i)
      const squares = at.map(sample => (stdout.readInt16LE(sample * 2) / 32_768 - sourceAt(sample / 48_000)) ** 2)
      return Math.sqrt(squares.reduce((sum, square) => sum + square, 0) / 1024)
    }
    // The first frame fades in: a decoder has nothing to overlap it with. From then on AAC's own error is all there is.
    const worst = Math.max(...Array.from({ length: frames - 1 }, (_, i) => errorOf(i + 1)))
    expect(worst).toBeLessThan(0.003)
  })
})
