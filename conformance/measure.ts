import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { SuiteResult } from './suite.ts'

// The suite's two sides as processes of their own: its origin, and its client against one cache.

export interface SuiteOrigin {
  readonly url: string
  stop(): Promise<void>
}

export type SuiteResults = Readonly<Record<string, SuiteResult>>

const script = (name: string): string => join(import.meta.dirname, name)

/** Starts the suite's origin on loopback; resolves when it listens. */
export async function startSuiteOrigin(): Promise<SuiteOrigin> {
  // What it says beside its URL is about every odd request of the suite, which are its purpose.
  const child = spawn(process.execPath, [script('origin.ts')], { stdio: ['ignore', 'pipe', 'ignore'] })
  const ended = once(child, 'exit')
  const url = await Promise.race([firstLine(child), ended.then(() => undefined)])
  if (url === undefined) throw new Error("the suite's origin ended before it listened: is conformance/ installed?")
  const stop = async () => {
    child.kill()
    await ended
  }
  return { url, stop }
}

/** Runs the suite (or its repetition for CDN-Cache-Control) against the cache at `url`; `ids`: only these tests. */
export async function measure(url: string, which: 'suite' | 'cdn', ids: readonly string[] = []): Promise<SuiteResults> {
  const child = spawn(process.execPath, [script('client.ts'), url, which, ...ids], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit') as Promise<[number | null, string | null]>
  const text = await firstLine(child)
  const [status, signal] = await ended
  if (text === undefined || status !== 0) {
    throw new Error(`the suite's client against ${url} ended with ${signal ?? status} and without its results`)
  }
  return JSON.parse(text) as SuiteResults
}

/** The first line of a child's standard output; undefined when it has none. */
async function firstLine(child: ChildProcess): Promise<string | undefined> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })
  for await (const line of lines) return line
  return undefined
}
