import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { storeConfigSchema } from '../origin/store/store-config.ts'
import { findMemcached } from './memcached.ts'

// The command as a person uses it.

const memcached = await findMemcached()
if ('absent' in memcached) process.stderr.write(`NOT TESTED: ${memcached.absent}\n`)

const services = (...options: string[]) =>
  spawn(process.execPath, [join(import.meta.dirname, 'main.ts'), ...options], { stdio: ['ignore', 'pipe', 'pipe'] })

/** Whether somebody listens at `address`. */
async function listens(address: string): Promise<boolean> {
  const [host, port] = address.split(':')
  const socket = connect(Number(port), host)
  return await once(socket, 'connect')
    .then(
      () => true,
      () => false,
    )
    .finally(() => socket.destroy())
}

describe('npm run services', () => {
  it.skipIf('absent' in memcached)('starts, says what to set, and leaves nothing after Ctrl-C', async () => {
    const child = services('memcached', '--nodes', 'eu=1,us=1', '--servers', '2')
    let printed = ''
    for await (const piece of child.stdout.setEncoding('utf8')) {
      printed += piece
      if (printed.includes('# lsm-us-memcached\n')) break
    }
    expect(printed).toMatch(/^# Ready. Ctrl-C stops everything.\n/)
    const files = [...printed.matchAll(/--store (\S+)/g)].map(match => match[1] as string)
    const stores = files.map(file => storeConfigSchema.parse(parse(readFileSync(file, 'utf8'))))
    const servers = stores.flatMap(store => store.memcached?.servers ?? [])
    expect(new Set(servers).size).toBe(4)
    for (const server of servers) expect(await listens(server)).toBe(true)

    const ended = once(child, 'exit')
    child.kill('SIGINT')
    expect(await ended).toEqual([0, null])
    for (const server of servers) expect(await listens(server)).toBe(false)
    expect(existsSync(dirname(files[0] as string))).toBe(false)
  })

  it('says what is wrong with what it is asked for', async () => {
    expect(await text(services('redis').stderr)).toMatch(/Allowed choices are cassandra, memcached, s3/)
    expect(await text(services('cassandra', '--nodes', 'eu=99').stderr)).toMatch(/eu=3,us=1/)
  })
})
