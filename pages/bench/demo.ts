import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Message, Update } from '../live/update.ts'

// What the live page costs: how often it is told, and what of one core the server takes, with 2,000 viewers in all (or
// as many as are named) and one page that watches. The server is a process of its own, as it is for everybody.
// usage: node pages/bench/demo.ts [VIEWERS]

const viewers = Number(process.argv[2] ?? 2_000)
const measuredMs = 20_000

const command = fileURLToPath(new URL('../../cli/tidegate.mjs', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'tidegate-bench-demo-'))
const flags = ['--port', '0', '--players', String(viewers / 2), '--record', join(folder, 'session.ndjson')]
const demo = spawn(process.execPath, [command, 'demo', ...flags], { stdio: ['ignore', 'pipe', 'inherit'] })
const ended = new Promise<void>(done => demo.once('exit', () => done()))
try {
  const figures = await measure(await addressOf())
  process.stdout.write(`${JSON.stringify({ bench: 'demo', figures })}\n`)
} finally {
  demo.kill('SIGINT')
  await ended
  rmSync(folder, { recursive: true })
}

async function addressOf(): Promise<string> {
  for await (const line of createInterface({ input: demo.stdout })) {
    const found = /^demo: (\S+)$/.exec(line)
    if (found) return found[1] as string
  }
  throw new Error('tidegate demo ended before it said where its page is')
}

/** Watches as a page does, until the fleets are whole, and for a while from then on. */
async function measure(address: string): Promise<Record<string, number>> {
  const entry = await fetch(address, { redirect: 'manual' })
  const cookie = entry.headers.get('set-cookie')?.split(';')[0] ?? ''
  const response = await fetch(new URL('/events', address), { headers: { cookie } })
  if (!response.ok || !response.body) throw new Error(`/events answered ${response.status}`)
  const updates: { readonly heardMs: number; readonly update: Update }[] = []
  for await (const message of messagesOf(response.body)) {
    if (message.is !== 'update') continue
    const present = message.sides ? message.sides.left.players.present + message.sides.right.players.present : 0
    if (updates.length === 0) {
      process.stderr.write(`\r${present} of ${viewers} viewers are there  `)
      if (present < viewers) continue
    }
    updates.push({ heardMs: performance.now(), update: message })
    if (performance.now() - (updates[0]?.heardMs ?? 0) >= measuredMs) break
  }
  const [first, last] = [updates.at(0), updates.at(-1)]
  if (!first || !last) throw new Error('no update came')
  const gaps = updates.slice(1).map(({ heardMs }, i) => heardMs - (updates[i]?.heardMs ?? 0))
  // Each update says what the last five seconds took.
  const shares = updates.filter((_, i) => i >= 25).map(({ update }) => update.server.cpuShare)
  const rounded = (value: number) => Number(value.toFixed(4))
  return {
    demo_viewers: viewers,
    demo_updates_per_s: rounded((gaps.length * 1_000) / (last.heardMs - first.heardMs)),
    demo_update_gap_ms_max: Math.round(Math.max(...gaps)),
    demo_server_cpu_share: rounded(shares.reduce((sum, share) => sum + share, 0) / shares.length),
  }
}

async function* messagesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Message> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const events = text.split('\n\n')
    text = events.pop() ?? ''
    for (const event of events) {
      const data = event.split('\n').find(line => line.startsWith('data: '))
      if (data) yield JSON.parse(data.slice('data: '.length)) as Message
    }
  }
}
