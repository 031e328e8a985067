import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Child } from '../child.ts'

// What a process holds in memory when it rests: after a collection that is forced through its inspector, because a
// runtime with memory to spare puts collections off, and the lowest of some seconds. By /proc, so on Linux only.

/** For the environment of a process whose resting memory is to be read: an inspector on a free port of loopback. */
export const inspectable = { NODE_OPTIONS: '--inspect=127.0.0.1:0' }

const sampleEveryMs = 500
const collectWithinMs = 20_000

/** Bytes that `child` holds, once it has rested for `restMs`. */
export async function restingBytes(child: Child, inspector: string, restMs: number): Promise<number> {
  await collectGarbage(inspector)
  let lowest = rssBytes(child)
  for (const untilMs = performance.now() + restMs; performance.now() < untilMs; ) {
    await sleep(sampleEveryMs)
    lowest = Math.min(lowest, rssBytes(child))
  }
  return lowest
}

/** The address of the inspector of a process that has just been started with `inspectable`. */
export function inspectorOf(child: Child): string {
  const address = /Debugger listening on (ws:\S+)/.exec(child.lastWords)?.[1]
  if (address === undefined) throw new Error(`${child.name} has no inspector. It said:\n${child.lastWords}`)
  return address
}

async function collectGarbage(inspector: string): Promise<void> {
  const socket = new WebSocket(inspector)
  const bound = AbortSignal.timeout(collectWithinMs)
  try {
    await once(socket, 'open', { signal: bound })
    const answer = once(socket, 'message', { signal: bound })
    socket.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }))
    await answer
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
