import { afterEach, describe, expect, it } from 'vitest'
import { Heartbeats } from './heartbeat.ts'
import { answerHead, ScriptedUpstream } from './testing/scripted-upstream.ts'

const closing: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closing.splice(0)) await close()
})

/** Heartbeats that tell their changes one by one. */
function beating(timeoutMs = 400) {
  const changes: string[] = []
  let wake = () => {}
  const heartbeats = new Heartbeats({
    everyMs: 20,
    timeoutMs,
    changed: (edge, alive) => {
      changes.push(`${edge} ${alive ? 'lives' : 'died'}`)
      wake()
    },
  })
  closing.push(() => heartbeats.stop())
  const until = async (change: string) => {
    while (changes.at(-1) !== change) {
      await new Promise<void>(come => {
        wake = come
      })
    }
  }
  return { heartbeats, changes, until }
}

async function sibling(script: Parameters<typeof ScriptedUpstream.start>[0]): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.start(script)
  closing.push(() => upstream.close())
  return upstream
}

const alive = answerHead(200, { 'content-length': 0 })

describe('Heartbeats', () => {
  it('says nothing of a sibling that answers, and asks /healthz', async () => {
    const upstream = await sibling(request => request.say(alive))
    const { heartbeats, changes } = beating()
    heartbeats.watch([{ name: 'a2', url: upstream.url }])
    for (let i = 0; i < 3; i++) expect((await upstream.next()).path).toBe('/healthz')
    expect(changes).toEqual([])
    expect(heartbeats.state()).toEqual({ a2: true })
  })

  it('calls a silent sibling dead after two misses, and alive with its first answer', async () => {
    let silent = true
    const upstream = await sibling(request => {
      if (!silent) request.say(alive)
    })
    const { heartbeats, until } = beating(60)
    heartbeats.watch([{ name: 'a2', url: upstream.url }])
    await until('a2 died')
    expect(upstream.requests).toHaveLength(2)
    silent = false
    await until('a2 lives')
  })

  it('forgives one miss', async () => {
    const upstream = await sibling(request => {
      if (upstream.requests.length !== 2) request.say(alive)
    })
    const { heartbeats, changes } = beating(60)
    heartbeats.watch([{ name: 'a2', url: upstream.url }])
    for (let i = 0; i < 5; i++) await upstream.next()
    expect(changes).toEqual([])
  })

  it('calls a refused connection dead at once', async () => {
    const gone = await ScriptedUpstream.start()
    await gone.close()
    const { heartbeats, until } = beating()
    heartbeats.watch([{ name: 'a2', url: gone.url }])
    await until('a2 died')
  })

  it('takes the word of a request that was refused', async () => {
    const upstream = await sibling(() => {})
    const { heartbeats, changes } = beating()
    heartbeats.watch([{ name: 'a2', url: upstream.url }])
    heartbeats.refused('a2')
    heartbeats.refused('a9')
    expect(changes).toEqual(['a2 died'])
  })

  it('forgets who leaves the site', async () => {
    const upstream = await sibling(() => {})
    const { heartbeats, changes } = beating(40)
    heartbeats.watch([{ name: 'a2', url: upstream.url }])
    const { socket } = await upstream.next()
    const closed = new Promise(done => socket.on('close', done))
    heartbeats.watch([])
    await closed
    expect(heartbeats.state()).toEqual({})
    expect(changes).toEqual([])
  })
})
