import { readFile } from 'node:fs/promises'
import { limits } from '../../live/limits.ts'
import { livePage, scriptAt } from './assets.ts'
import { EventStreams } from './event-stream.ts'
import { type Recording, readRecording } from './recording.ts'
import type { Show } from './server.ts'
import { NotNow, type Session } from './session.ts'
import type { Message } from './update.ts'

// What the server can show: a session that runs, or one that was recorded.

/** A session, recorded as it is shown. */
export function liveShow(session: Session, recording: Recording): Show {
  const streams = new EventStreams()
  session.watch(message => {
    const text = JSON.stringify(message)
    if (text.length > limits.demoMessageBytes) {
      throw new RangeError(`a message of ${text.length} bytes is more than pages are told at once`)
    }
    recording.add(text)
    streams.tell(text)
  })
  return {
    streams,
    page: () => livePage(),
    script: scriptAt,
    greeting: () => session.greeting().map(message => JSON.stringify(message)),
    command: command => session.command(command),
    async download(path) {
      if (path === '/session.ndjson') {
        return { name: 'session.ndjson', type: 'application/x-ndjson', body: await readFile(recording.file) }
      }
      if (path !== '/session.html') return undefined
      const { html } = await livePage(readRecording(recording.file))
      return { name: 'session.html', type: 'text/html; charset=utf-8', body: html }
    },
  }
}

/** A recorded session: the page has all of it. */
export function replayShow(messages: readonly Message[]): Show {
  return {
    streams: new EventStreams(),
    page: () => livePage(messages),
    script: async () => undefined,
    greeting: () => [],
    command: async () => {
      throw new NotNow('this is a recording: nothing can be commanded')
    },
    download: async () => undefined,
  }
}
