import { MediaPlayer } from 'dashjs'
import { registerPlayer } from './player-kinds.ts'

// dash.js, as it comes.

registerPlayer('dash', ({ video, edge, event, seen, failed }) => {
  const player = MediaPlayer().create()
  player.updateSettings({ debug: { logLevel: 0 } })
  player.addResponseInterceptor(response => {
    const url = response.url ?? ''
    const headers = (response.headers ?? {}) as Record<string, string>
    if (url.endsWith('.m4s')) seen({ url, field: name => headers[name] })
    return Promise.resolve(response)
  })
  player.on('error', ({ error }) => failed(typeof error === 'object' ? String(error.message) : String(error)))
  player.initialize(video, `${edge}/live/${event}/manifest.mpd`, true)
  return {
    behindMs() {
      const seconds = player.isReady() ? player.getCurrentLiveLatency() : Number.NaN
      return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : undefined
    },
    stop: () => player.destroy(),
  }
})
