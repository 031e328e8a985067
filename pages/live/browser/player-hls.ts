import Hls from 'hls.js'
import { registerPlayer } from './player-kinds.ts'

// hls.js, as it comes: only what has to be known of it is told.

/** A live viewer who missed something does not give up: the edge may be restarting. */
const startAgainMs = 1_000

registerPlayer('hls', ({ video, edge, event, seen, failed }) => {
  const hls = new Hls({ enableWorker: false, lowLatencyMode: false })
  let again = 0
  hls.on(Hls.Events.FRAG_LOADED, (_, { frag, networkDetails }) => {
    const fields = networkDetails instanceof XMLHttpRequest ? fieldsOf(networkDetails) : new Map<string, string>()
    seen({ url: frag.url, field: name => fields.get(name) })
  })
  hls.on(Hls.Events.ERROR, (_, { fatal, type, details }) => {
    if (!fatal) return
    failed(`${details}: trying again`)
    again = window.setTimeout(() => {
      if (type === Hls.ErrorTypes.MEDIA_ERROR) hls.recoverMediaError()
      else hls.loadSource(`${edge}/live/${event}/main.m3u8`)
    }, startAgainMs)
  })
  hls.loadSource(`${edge}/live/${event}/main.m3u8`)
  hls.attachMedia(video)
  void video.play().catch(() => undefined) // A browser that wants a gesture first says so by not playing.
  return {
    behindMs: () => (hls.playingDate ? Date.now() - hls.playingDate.getTime() : undefined),
    stop() {
      clearTimeout(again)
      hls.destroy()
    },
  }
})

/** All at once: a browser complains of each field that is asked for by name and is not there. */
const fieldsOf = (request: XMLHttpRequest): Map<string, string> =>
  new Map(
    request
      .getAllResponseHeaders()
      .split('\r\n')
      .map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  )
