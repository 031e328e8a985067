import { describe, expect, it } from 'vitest'
import { anEvent } from '../../live/event.fixture.ts'
import { mediaPlaylist } from '../../origin/core/manifest.ts'
import { PlaylistCheck, readMediaPlaylist } from './playlist.ts'

describe('a media playlist', () => {
  it("is read as the origin's core writes it", () => {
    const text = mediaPlaylist(anEvent(), { first: 7, last: 11, gaps: [8, 10] }, false)
    expect(readMediaPlaylist(text)).toEqual({ first: 7, last: 11, gaps: [8, 10], ended: false })
  })

  it('may have come to its end, or list nothing yet', () => {
    expect(readMediaPlaylist(mediaPlaylist(anEvent(), { first: 3, last: 3, gaps: [] }, true))).toMatchObject({
      ended: true,
      last: 3,
    })
    expect(readMediaPlaylist(mediaPlaylist(anEvent(), { first: 3, last: 2, gaps: [] }, false))).toMatchObject({
      first: 3,
      last: 2,
    })
  })

  it('is no media playlist: a multivariant one, or something else', () => {
    expect(readMediaPlaylist('#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\nv1/index.m3u8\n')).toBeUndefined()
    expect(readMediaPlaylist('not found')).toBeUndefined()
  })

  it('is put together from its chunks', () => {
    const text = Buffer.from(mediaPlaylist(anEvent(), { first: 7, last: 9, gaps: [] }, false))
    const check = new PlaylistCheck({ contentLength: text.length, etag: undefined })
    for (let from = 0; from < text.length; from += 10) check.take(text.subarray(from, from + 10))
    expect(check.end()).toBeUndefined()
    expect(check.listed).toEqual({ first: 7, last: 9, gaps: [], ended: false })
  })
})
