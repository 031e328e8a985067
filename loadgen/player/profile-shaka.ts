import { ofAll, type Profile, type Timeouts } from './profile.ts'

// Shaka Player on DASH (facts/players-and-crowds.md). Two tries a second apart, then another rung for half a minute; on
// the last rung a live stream is asked for without end. Every wait is fuzzed by half (`fuzzFactor`), so that an outage
// leaves no echo peaks behind it. Where the fact file is silent: its default configuration.

const timeouts: Timeouts = { firstByteMs: 10_000, wholeMs: 30_000 } // connectionTimeout, timeout
const retries = ofAll([1_000]) // maxAttempts 2, baseDelay 1 s

export const shaka: Profile = {
  name: 'shaka',
  timing: 'template',
  delayPerStallMs: 0,
  bufferGoalMs: 10_000,
  schedulerMs: 1_000,
  schedulerSegments: 0.5,
  startBufferMs: 100, // assumption, as for hls.js
  resumeBufferMs: 100,
  timeouts: { manifest: timeouts, playlist: timeouts, init: timeouts, segment: timeouts },
  retries: { manifest: retries, playlist: retries, init: retries, segment: retries },
  retryJitter: 0.5,
  liveRetryMs: 1_000, // its back-off starts anew behind each pair of tries; 0.1 s only in low-latency mode
  leavesRungOn: [],
  leavesRungWhenExhausted: true,
  rungPenaltyMs: 30_000, // maxDisabledTime
  nextRung: 'best',
  retriesSpanRungs: false,
  skipsInARow: 0,
  throughput: {
    halfLives: { fastMs: 2_000, slowMs: 5_000 },
    initialBitsPerSecond: 1_000_000, // defaultBandwidthEstimate
    shortestSampleMs: 50, // assumption: stands for its minimum of bytes a sample
    upFactor: 0.85,
    keepFactor: 0.95,
    upNeedsBufferMs: 0,
    upLiveShare: 0,
    holdsAboveMs: Infinity,
    switchEveryMs: 8_000, // switchInterval
  },
}
