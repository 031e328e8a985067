import { eventDefaults, type LiveEvent } from './event.ts'

// An event for tests: what is not said stands at its default.
export const anEvent = (changes: Partial<LiveEvent> = {}): LiveEvent => ({
  ...eventDefaults,
  body: 'synthetic',
  invalidations: [],
  pipelines: ['a', 'b'],
  event: 'final',
  startMs: 1_700_000_000_000,
  renditions: [
    {
      name: 'v1',
      kind: 'video',
      bitsPerSecond: 400_000,
      codecs: 'avc1.42c01e',
      width: 640,
      height: 360,
      timescale: 90_000,
    },
    { name: 'a1', kind: 'audio', bitsPerSecond: 96_000, codecs: 'mp4a.40.2', sampleRate: 48_000, timescale: 48_000 },
  ],
  ...changes,
})
