import { ofAll, type Profile, type Timeouts } from './profile.ts'

// A player by the letter of RFC 8216, such as AVPlayer, whose source nobody can read: what the RFC and the fact file say,
// and for the rest assumptions, each marked. It polls playlists by section 6.3.4, stays three target durations behind
// (6.3.3), and takes the next variant when a segment is missed again and again.

const timeouts: Timeouts = { firstByteMs: 10_000, wholeMs: 60_000 } // assumption
const retries = ofAll([1_000, 1_000]) // assumption: missed three times is "repeatedly"

export const rfc8216: Profile = {
  name: 'rfc8216',
  timing: 'playlist',
  delaySegments: 3,
  delayPerStallMs: 0,
  bufferGoalMs: 30_000, // assumption, as for hls.js
  schedulerMs: 100, // assumption: it asks as soon as a playlist lists a segment
  startBufferMs: 100, // assumption, as for hls.js
  resumeBufferMs: 2_000, // assumption: a segment, as it waits until playback is likely to keep up
  timeouts: { manifest: timeouts, playlist: timeouts, init: timeouts, segment: timeouts },
  retries: { manifest: retries, playlist: retries, init: retries, segment: retries },
  retryJitter: 0,
  leavesRungOn: [],
  leavesRungWhenExhausted: true,
  rungPenaltyMs: 30_000, // assumption
  nextRung: 'next-lower',
  retriesSpanRungs: false,
  skipsInARow: 0,
  throughput: {
    halfLives: { fastMs: 3_000, slowMs: 9_000 }, // assumption, as for hls.js
    initialBitsPerSecond: 1_000_000, // assumption
    shortestSampleMs: 50, // assumption
    upFactor: 0.7, // assumption
    keepFactor: 0.95, // assumption
    upNeedsBufferMs: 0,
    upLiveShare: 0,
    holdsAboveMs: Infinity,
    switchEveryMs: 0,
  },
}
