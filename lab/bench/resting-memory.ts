import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { Bytes } from '../../live/units.ts'
import type { Child } from '../child.ts'

// What a process holds in memory when it rests: after a collection that is forced through its inspector, because a
// runtime with memory to spare puts collections off, and the lowest of some seconds. By /proc, so on Linux only.
// `residentBytes` has in it what the C library's allocator has not given back; `usedBytes` is what the program still
// refers to, in the runtime's heap and outside of it, and moves only when something is kept.

export interface RestingMemory {
  readonly residentBytes: Bytes
  readonly usedBytes: Bytes
}

/** For the environment of a process whose resting memory is to be read: an inspector on a free port of loopback. */
export const inspectable = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

const sampleEveryMs = 500
const answersWithinMs = 20_000

const usedAnswer = z.object({ result: z.object({ value: z.number() }) })

/** What `child` holds, once it has rested for `restMs`. */
export async function restingMemory(child: Child, inspector: string, restMs: number): Promise<RestingMemory> {
  await ask(inspector, 'HeapProfiler.collectGarbage')
  let residentBytes = rssBytes(child)
  for (const untilMs = performance.now() + restMs; performance.now() < untilMs; ) {
    await sleep(sampleEveryMs)
    residentBytes = Math.min(residentBytes, rssBytes(child))
  }
  await ask(inspector, 'HeapProfiler.collectGarbage')
  const expression = '{ const { heapUsed, external } = process.memoryUsage(); heapUsed + external }'
  const answer = usedAnswer.parse(await ask(inspector, 'Runtime.evaluate', { expression, returnByValue: true }))
  return { residentBytes, usedBytes: answer.result.value }
}

/** The address of the inspector of a process that has just been started with `inspectable`. */
export function inspectorOf(child: Child): string {
  const address = /Debugger listening on (ws:\S+)/.exec(child.lastWords)?.[1]
  if (address === undefined) throw new Error(`${child.name} has no inspector. It said:\n${child.lastWords}`)
  return address
}

/** The result of a command of the inspector's protocol. */
async function ask(inspector: string, method: string, params: object = {}): Promise<unknown> {
  const socket = new WebSocket(inspector)
  const bound = AbortSignal.timeout(answersWithinMs)
  try {
    await once(socket, 'open', { signal: bound })
    const answer = once(socket, 'message', { signal: bound })
    socket.send(JSON.stringify({ id: 1, method, params }))
    const [message] = (await answer) as [{ readonly data: string }]
    const { result, error } = JSON.parse(message.data)
    if (error) throw new Error(`the inspector refuses ${method}: ${error.message}`)
    return result
  } finally {
    socket.close()
  }
}

function rssBytes(child: Child): number {
  const exit = child.diedOfItself
  if (exit) throw child.deathError(exit)
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]
  if (kib === undefined) throw new Error(`/proc/${child.pid}/status has no VmRSS`)
  return Number(kib) * 1024
}
