import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { Bytes } from '../../live/units.ts'
import { HarnessError } from '../harness-error.ts'

// One cell of the edge's benchmark: wrk on a core of its own asks one edge for one segment again and again, and what it
// and the server cost is read from /proc (proc(5)), in ticks of 10 ms.
//
// What a server costs is its processes' time and the softirq time of the client's core: over loopback the kernel sends
// what waits in a socket when an acknowledgement comes, and that is in the time of whoever reads. How much of the sending
// goes there differs tenfold between servers (nginx 130 to 210 µs for 1 MB, Varnish 15, Tidegate 10), so that without
// it their processes' times are not comparable. Over a wire all of it would be the server's.

const run = promisify(execFile)
const ticksASecond = 100
/** The second core of the machine: the first one is the servers'. */
const clientCore = 1

export interface Cell {
  /** Complete answers in a second. */
  readonly hitsPerS: number
  /** CPU time of the server for one of them, µs: its processes and what the kernel did for it on the client's core. */
  readonly serverCpuUs: number
  /** The same with what wrk used for it. */
  readonly totalCpuUs: number
  /** How much of its core wrk used: near 1 the client was the limit. */
  readonly clientShare: number
}

export interface Load {
  readonly url: string
  readonly bodyBytes: Bytes
  readonly connections: number
  readonly seconds: number
  /** The process group of the server. */
  readonly group: number
}

/** Drives one edge. Throws HarnessError when an answer was not 200 or not whole. */
export async function drive(load: Load): Promise<Cell> {
  const { url, connections, seconds, group } = load
  const before = { server: await cpuOf(group), client: await cpuOfChildren(), softirq: await softirqOf(clientCore) }
  const command = ['-c', String(clientCore), 'wrk', '-t', '1', '-c', String(connections), '-d', `${seconds}s`, url]
  const { stdout } = await run('taskset', command)
  const [server, client] = [(await cpuOf(group)) - before.server, (await cpuOfChildren()) - before.client]
  const softirq = (await softirqOf(clientCore)) - before.softirq
  const { requests, tookS } = checked(stdout, load)
  return {
    hitsPerS: requests / tookS,
    serverCpuUs: ((server + softirq) / ticksASecond / requests) * 1e6,
    totalCpuUs: ((server + client) / ticksASecond / requests) * 1e6,
    clientShare: client / ticksASecond / tookS,
  }
}

/** What wrk says: `  52970 requests in 1.00s, 78.1MB read`, and a line of its own for what went wrong. */
export function checked(said: string, { url, bodyBytes }: Pick<Load, 'url' | 'bodyBytes'>) {
  const total = /(\d+) requests in ([\d.]+)(ms|s|m), ([\d.]+)([KMGT]?)B read/.exec(said)
  const wrong = /^.*(?:Socket errors|Non-2xx).*$/m.exec(said)?.[0]
  if (!total || wrong !== undefined) throw new HarnessError(`wrk on ${url}: ${wrong?.trim() ?? said}`)
  const [, count, took, unit, size, prefix] = total as unknown as [string, string, string, string, string, string]
  const requests = Number(count)
  const readBytes = Number(size) * 1_024 ** ' KMGT'.indexOf(prefix || ' ')
  // wrk rounds to a hundredth of its unit.
  if (requests === 0 || readBytes < requests * (bodyBytes as number) * 0.99) {
    throw new HarnessError(`wrk on ${url}: ${requests} answers had ${readBytes} bytes, too few for whole bodies`)
  }
  return { requests, tookS: unit === 'm' ? Number(took) * 60 : Number(took) / (unit === 'ms' ? 1_000 : 1) }
}

/** Ticks that the processes of a group have used so far. */
async function cpuOf(group: number): Promise<number> {
  const stats = await Promise.all((await pids()).map(statOf))
  return stats.reduce((sum, stat) => (stat?.group === group ? sum + stat.ticks : sum), 0)
}

/** Ticks that the kernel has spent in softirqs of one core so far: `cpu1 user nice system idle iowait irq softirq …`. */
async function softirqOf(core: number): Promise<number> {
  const line = (await readFile('/proc/stat', 'latin1')).split('\n').find(each => each.startsWith(`cpu${core} `))
  const softirq = Number(line?.split(' ')[7])
  if (!Number.isFinite(softirq)) throw new HarnessError(`/proc/stat has no softirq time of core ${core}`)
  return softirq
}

/** Ticks of this process's children that have ended: of wrk, when nothing else has ended meanwhile. */
const cpuOfChildren = async (): Promise<number> => (await statOf(String(process.pid)))?.childTicks ?? 0

const pids = async (): Promise<string[]> => (await readdir('/proc')).filter(name => /^\d+$/.test(name))

/** The processes of a group. */
export async function membersOf(group: number): Promise<string[]> {
  const all = await Promise.all((await pids()).map(async pid => ({ pid, group: (await statOf(pid))?.group })))
  return all.filter(each => each.group === group).map(({ pid }) => pid)
}

/** Undefined: the process has ended. */
async function statOf(pid: string): Promise<{ group: number; ticks: number; childTicks: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  // The name may hold anything, parentheses too; what follows the last one is numbers, from the third field on.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  if (!fields) return undefined
  const field = (number: number) => Number(fields[number - 3])
  return { group: field(5), ticks: field(14) + field(15), childTicks: field(16) + field(17) }
}
