import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

// A small origin whose answers a test scripts by path, and which keeps what it was asked.

interface ScriptedAnswer {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Until the head is sent. */
  readonly delayMs?: number
  /** Closes the connection without an answer. */
  readonly breaks?: boolean
}

interface Asked {
  readonly headers: IncomingHttpHeaders
  /** By performance.now(). */
  readonly atMs: number
}

export interface ScriptedOrigin {
  readonly host: string
  readonly port: number
  /** What `path` is answered with; with several, the first request gets the first, the last stays. */
  script(path: string, ...answers: readonly ScriptedAnswer[]): void
  asked(path: string): readonly Asked[]
  close(): Promise<void>
}

export async function startScriptedOrigin(): Promise<ScriptedOrigin> {
  const scripts = new Map<string, readonly ScriptedAnswer[]>()
  const asked = new Map<string, Asked[]>()
  const server = createServer((request, response) => {
    const path = request.url ?? ''
    const before = asked.get(path) ?? []
    asked.set(path, [...before, { headers: request.headers, atMs: performance.now() }])
    const script = scripts.get(path) ?? []
    void answer(response, script[before.length] ?? script.at(-1) ?? { status: 500, body: `no script for ${path}` })
  })
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    script(path, ...answers) {
      scripts.set(path, answers)
    },
    asked: path => asked.get(path) ?? [],
    close() {
      server.closeAllConnections()
      return new Promise(done => server.close(() => done()))
    },
  }
}

async function answer(response: ServerResponse, script: ScriptedAnswer): Promise<void> {
  const { status = 200, headers = {}, body = 'media', delayMs = 0 } = script
  await pause(delayMs)
  if (script.breaks) return void response.destroy()
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) })
  response.end(body)
}
