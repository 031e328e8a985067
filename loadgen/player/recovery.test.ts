import { describe, expect, test } from 'vitest'
import { profileOf } from './profiles.ts'
import { drawnMs, type Failure, failureOf, recoveryFrom } from './recovery.ts'

const hlsJs = profileOf({ profile: 'hls.js', seed: 1, index: 0 })
const dashJs = profileOf({ profile: 'dash.js', seed: 1, index: 0 })
const media3 = profileOf({ profile: 'media3', seed: 1, index: 0 })
const shaka = profileOf({ profile: 'shaka', seed: 1, index: 0 })
const rfc8216 = profileOf({ profile: 'rfc8216', seed: 1, index: 0 })
const aFailure = (changes: Partial<Failure>): Failure => ({
  wanted: 'segment',
  failure: failureOf(changes.result ?? 404) ?? 'wrong-body',
  result: 404,
  failuresBefore: 0,
  otherRung: true,
  skippedInARow: 0,
  ...changes,
})

test('failures are told apart as players tell them apart', () => {
  expect([200, 204, 206].map(failureOf)).toEqual([undefined, undefined, undefined])
  expect([302, 404, 410, 500, 503].map(failureOf)).toEqual([
    'client-error',
    'client-error',
    'client-error',
    'server-error',
    'server-error',
  ])
  expect((['refused', 'reset', 'timeout', 'wrong-body'] as const).map(failureOf)).toEqual([
    'transport',
    'transport',
    'timeout',
    'wrong-body',
  ])
})

describe('recovery', () => {
  test.each([
    ['hls.js: a 404 is never retried', hlsJs, { result: 404 }, { do: 'leave-rung' }],
    ['hls.js: nor is a broken transport', hlsJs, { result: 'reset' }, { do: 'leave-rung' }],
    ['hls.js: no other rung is fatal', hlsJs, { result: 404, otherRung: false }, { do: 'give-up' }],
    ['hls.js: the third 5xx', hlsJs, { result: 503, failuresBefore: 2 }, { do: 'retry', inMs: 4_000 }],
    ['hls.js: the seventh 5xx', hlsJs, { result: 503, failuresBefore: 6 }, { do: 'leave-rung' }],
    [
      'hls.js: a time-out is retried at once',
      hlsJs,
      { result: 'timeout', failuresBefore: 3 },
      { do: 'retry', inMs: 0 },
    ],
    ['hls.js: the main playlist has no rung to leave', hlsJs, { result: 404, wanted: 'manifest' }, { do: 'give-up' }],
    ['dash.js: all failures alike', dashJs, { result: 'refused' }, { do: 'retry', inMs: 1_000 }],
    ['dash.js: the fourth', dashJs, { result: 404, failuresBefore: 3 }, { do: 'skip' }],
    ['dash.js: after two skips', dashJs, { failuresBefore: 3, skippedInARow: 2 }, { do: 'give-up' }],
    ['dash.js: no initialisation segment', dashJs, { failuresBefore: 3, wanted: 'init' }, { do: 'give-up' }],
    ['media3: leaves the rung first', media3, { result: 404 }, { do: 'leave-rung' }],
    ['media3: retries on the last rung', media3, { otherRung: false, failuresBefore: 2 }, { do: 'retry', inMs: 2_000 }],
    ['media3: a time-out is no reason to leave', media3, { result: 'timeout' }, { do: 'retry', inMs: 0 }],
    ['media3: a body it cannot parse is fatal', media3, { result: 'wrong-body' }, { do: 'give-up' }],
    ['Shaka: a second try', shaka, { result: 404 }, { do: 'retry', inMs: 1_000 }],
    ['Shaka: then another rung', shaka, { result: 404, failuresBefore: 1 }, { do: 'leave-rung' }],
    [
      'Shaka: on the last rung it asks for ever',
      shaka,
      { result: 503, failuresBefore: 99, otherRung: false },
      { do: 'retry', inMs: 1_000 },
    ],
    ['Shaka: but not for a manifest', shaka, { wanted: 'manifest', failuresBefore: 1 }, { do: 'give-up' }],
    ['RFC 8216: missed once more', rfc8216, { failuresBefore: 1 }, { do: 'retry', inMs: 1_000 }],
    ['RFC 8216: missed repeatedly', rfc8216, { failuresBefore: 2 }, { do: 'leave-rung' }],
  ] as const)('%s', (_name, profile, failure, recovery) => {
    expect(recoveryFrom(profile, aFailure(failure))).toEqual(recovery)
  })
})

test('a wait is drawn around itself only where the player does so', () => {
  expect([0, 0.5, 1].map(fraction => drawnMs(shaka, 1_000, fraction))).toEqual([500, 1_000, 1_500])
  expect(drawnMs(rfc8216, 1_000, 0)).toBe(1_000)
})
