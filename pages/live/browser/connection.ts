import type { Command } from '../commands.ts'
import type { Message } from '../update.ts'

// The page's connection to its server: events in, commands out. A browser comes back by itself when the connection is
// lost; that is shown until it does.

/** Nothing was heard for this long: the connection is lost, although nobody said so. */
const silenceMs = 3_000

export interface Heard {
  message(message: Message): void
  /** @param why what can be done about it, where that is known */
  lost(why?: string): void
}

export function connect(heard: Heard): void {
  let source: EventSource | undefined
  let silence = 0
  const open = (): void => {
    source?.close()
    source = new EventSource('/events')
    source.onmessage = event => {
      alive()
      heard.message(JSON.parse(String(event.data)) as Message)
    }
    source.onerror = () => {
      heard.lost()
      // Closed for good, as by a refusal: asked again, where the browser itself would not.
      if (source?.readyState !== EventSource.CLOSED) return
      setTimeout(open, 1_000)
      void refusal().then(why => why && heard.lost(why))
    }
  }
  const alive = (): void => {
    clearTimeout(silence)
    silence = window.setTimeout(() => {
      heard.lost()
      open()
      alive()
    }, silenceMs)
  }
  open()
  alive()
}

/** The words of a server that answers, but not to this page: it was started anew. */
async function refusal(): Promise<string | undefined> {
  const response = await fetch('/', { method: 'HEAD' }).catch(() => undefined)
  return response?.status === 401 ? 'tidegate demo was started anew: open the address that it printed' : undefined
}

/** Rejects with the server's words, or with what happened to the connection. */
export async function send(command: Command): Promise<void> {
  let response: Response
  try {
    response = await fetch('/command', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(command),
    })
  } catch {
    throw new Error('the server does not answer: was tidegate demo ended?')
  }
  if (!response.ok) throw new Error(await response.text())
}
