import { unitFraction } from '../../live/random.ts'
import type { PlayerSetup } from './player-io.ts'
import { type FailureClass, never, ofAll, type Profile, type RetrySchedule, type Timeouts } from './profile.ts'
import { rfc8216 } from './profile-rfc8216.ts'
import { shaka } from './profile-shaka.ts'

// The profiles of hls.js, dash.js and media3, and which player has which; what a profile says: profile.ts.

/**
 * What a viewer does, whatever the player: when the connection is lost and the player has given up, the page is reloaded
 * (assumption), a few times before the viewer goes. A segment that arrives makes the viewer patient again.
 */
export const viewerReloads = { times: 3, afterMs: 1_000 } as const

/**
 * hls.js: `fragLoadPolicy`, `playlistLoadPolicy`, `manifestLoadPolicy` of its config.ts. Only 5xx and time-outs are
 * retried; 4xx and a broken transport (status 0) are not (error-helper.ts, `retryForHttpStatus`).
 */
const hlsRetries = (onServerError: RetrySchedule, onTimeout: RetrySchedule): Record<FailureClass, RetrySchedule> => ({
  ...ofAll(never),
  'server-error': onServerError,
  timeout: onTimeout,
})
const hlsSegmentRetries = hlsRetries([1_000, 2_000, 4_000, 8_000, 8_000, 8_000], [0, 0, 0, 0])

const hlsJs: Profile = {
  name: 'hls.js',
  timing: 'playlist',
  delaySegments: 3,
  delayPerStallMs: 1_000,
  bufferGoalMs: 30_000,
  schedulerMs: 100, // stream-controller's tick
  startBufferMs: 100, // assumption: a media element plays as soon as it has some future data
  resumeBufferMs: 100,
  timeouts: {
    manifest: { firstByteMs: 20_000, wholeMs: 20_000 },
    playlist: { firstByteMs: 10_000, wholeMs: 20_000 },
    init: { firstByteMs: 10_000, wholeMs: 120_000 },
    segment: { firstByteMs: 10_000, wholeMs: 120_000 },
  },
  retries: {
    manifest: hlsRetries([1_000], [0, 0]),
    playlist: hlsRetries([1_000, 2_000], [0, 0]),
    init: hlsSegmentRetries,
    segment: hlsSegmentRetries,
  },
  retryJitter: 0,
  leavesRungOn: [],
  leavesRungWhenExhausted: true,
  rungPenaltyMs: 30_000, // errorPenaltyExpireMs
  nextRung: 'next-lower',
  retriesSpanRungs: true,
  skipsInARow: 0,
  throughput: {
    halfLives: { fastMs: 3_000, slowMs: 9_000 },
    initialBitsPerSecond: 500_000, // abrEwmaDefaultEstimate
    shortestSampleMs: 50,
    upFactor: 0.7,
    keepFactor: 0.95,
    upNeedsBufferMs: 0,
    upLiveShare: 0,
    holdsAboveMs: Infinity,
    switchEveryMs: 0,
  },
}

const dashJs: Profile = {
  name: 'dash.js',
  timing: 'template',
  delayPerStallMs: 0,
  bufferGoalMs: 18_000,
  schedulerMs: 500,
  startBufferMs: 100, // assumption, as for hls.js
  resumeBufferMs: 100,
  timeouts: {
    manifest: { firstByteMs: 10_000, wholeMs: 10_000 },
    playlist: { firstByteMs: 20_000, wholeMs: 20_000 },
    init: { firstByteMs: 20_000, wholeMs: 20_000 },
    segment: { firstByteMs: 20_000, wholeMs: 20_000 },
  },
  retries: {
    manifest: ofAll([500, 500, 500]), // retryIntervals.MPD
    playlist: ofAll(never),
    init: ofAll([1_000, 1_000, 1_000]),
    segment: ofAll([1_000, 1_000, 1_000]),
  },
  retryJitter: 0,
  leavesRungOn: [],
  leavesRungWhenExhausted: false,
  rungPenaltyMs: 0,
  nextRung: 'best',
  retriesSpanRungs: false,
  // Assumption: with one base URL there is none to change to; the page jumps the gap twice before it reports an error.
  skipsInARow: 2,
  throughput: {
    halfLives: { fastMs: 3_000, slowMs: 8_000 },
    initialBitsPerSecond: 1_000_000,
    shortestSampleMs: 50, // assumption: stands for its own filter of answers from the local cache
    upFactor: 0.9,
    keepFactor: 0.9,
    upNeedsBufferMs: 0,
    upLiveShare: 0,
    holdsAboveMs: 18_000, // BOLA, simplified: it never lowers the rung with a full buffer
    switchEveryMs: 0,
  },
}

const media3Timeouts: Timeouts = { firstByteMs: 8_000, wholeMs: 60_000 } // the whole: an assumption, media3 has no bound
const media3Retries: Record<FailureClass, RetrySchedule> = {
  ...ofAll([0, 1_000, 2_000]),
  'wrong-body': never, // a ParserException is not retried (DefaultLoadErrorHandlingPolicy)
}

const media3Dash: Profile = {
  name: 'media3-dash',
  timing: 'template',
  delayPerStallMs: 0,
  bufferGoalMs: 50_000,
  schedulerMs: 1_000,
  startBufferMs: 1_000, // DefaultLoadControl
  resumeBufferMs: 2_000,
  timeouts: { manifest: media3Timeouts, playlist: media3Timeouts, init: media3Timeouts, segment: media3Timeouts },
  retries: { manifest: media3Retries, playlist: media3Retries, init: media3Retries, segment: media3Retries },
  // The fallback is chosen before a retry is considered: one early 404 costs a minute of quality. There is one location
  // only, so that the other fallback (another location, this one off for 5 min) never applies.
  retryJitter: 0,
  leavesRungOn: [403, 404, 410, 416, 500, 503],
  leavesRungWhenExhausted: false,
  rungPenaltyMs: 60_000,
  nextRung: 'best',
  retriesSpanRungs: false,
  skipsInARow: 0,
  throughput: {
    initialBitsPerSecond: 1_000_000, // DEFAULT_INITIAL_BITRATE_ESTIMATE
    shortestSampleMs: 1,
    upFactor: 0.7,
    keepFactor: 0.7,
    upNeedsBufferMs: 10_000,
    upLiveShare: 0.75, // DEFAULT_BUFFERED_FRACTION_TO_LIVE_EDGE_FOR_QUALITY_INCREASE
    holdsAboveMs: 25_000,
    switchEveryMs: 0,
  },
}

const media3Hls: Profile = { ...media3Dash, name: 'media3-hls', timing: 'playlist', delaySegments: 3 }

/** Every profile; media3 plays HLS and DASH, so that it has two. */
const profiles = {
  'hls.js': hlsJs,
  'dash.js': dashJs,
  'media3-dash': media3Dash,
  'media3-hls': media3Hls,
  shaka,
  rfc8216,
} as const

/** The kinds of players that are counted under one name, each with the same share. */
export const kindsOf = (profile: PlayerSetup['profile']): readonly Profile['name'][] =>
  profile === 'media3' ? ['media3-dash', 'media3-hls'] : [profile]

/** Whether its own clock tells a player when a segment is there. */
export const asksByClock = (kind: Profile['name']): boolean => profiles[kind].timing === 'template'

/** The profile of a player. Half of the media3 players play DASH, half HLS (assumption), by seed and index. */
export function profileOf({ profile, seed, index }: Pick<PlayerSetup, 'profile' | 'seed' | 'index'>): Profile {
  if (profile !== 'media3') return profiles[profile]
  return unitFraction(seed, `media3/${index}`) < 0.5 ? profiles['media3-dash'] : profiles['media3-hls']
}
