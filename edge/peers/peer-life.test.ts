import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { findPeer, PeerError, type PeerName, peerKinds, peerNames, startPeer } from './peer.ts'
import { type ScriptedOrigin, startScriptedOrigin } from './scripted-origin.fixture.ts'

// How peers start, fail, stop and leave nothing behind; with nginx, which starts fastest.

const loopback = { host: '127.0.0.1', port: 0 }
const nginx = await findPeer('nginx')
if ('absent' in nginx) process.stderr.write(`NOT TESTED: ${nginx.absent}\n`)

let origin: ScriptedOrigin
let folder: string
beforeAll(async () => {
  origin = await startScriptedOrigin()
  folder = await mkdtemp(join(tmpdir(), 'tidegate-test-'))
  // Started by root, peers run as nobody, who must get in.
  await chmod(folder, 0o755)
})
afterAll(async () => {
  await Promise.all([origin.close(), rm(folder, { recursive: true })])
})

const bodyOf = async (url: string): Promise<string> => (await request(url)).body.text()

describe.skipIf('absent' in nginx)('starting and stopping', () => {
  /** A process that starts nginx, says so, and would run on; its folder is inside the test's. */
  const orphaner = (parent: string, then = 'setInterval(() => {}, 1000)') => `
    import { startPeer } from ${JSON.stringify(join(import.meta.dirname, 'peer.ts'))}
    const at = { host: '127.0.0.1', port: 0 }
    const peer = await startPeer({
      kind: 'nginx', variant: 'stock', upstream: { host: '127.0.0.1', port: 1 }, listen: at, edge: 'a1', site: 'a',
      folder: ${JSON.stringify(parent)},
    })
    console.log(JSON.stringify({ url: peer.url }))
    ${then}`
  const stock = () =>
    startPeer({
      kind: 'nginx',
      variant: 'stock',
      upstream: origin,
      listen: loopback,
      edge: 'a1',
      site: 'a',
      folder,
    })
  const own = (configFile: string, kind: PeerName = 'nginx') =>
    startPeer({ kind, configFile, upstream: origin, listen: loopback, edge: 'a1', site: 'a', folder })
  const written = async (name: string, text: string): Promise<string> => {
    const file = join(folder, name)
    await writeFile(file, text)
    return file
  }
  const scratch = async () => (await readdir(folder)).filter(name => name.startsWith('tidegate-nginx-'))

  it("runs a user's own file, also one that is written for a service", async () => {
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      .map(n => `${n}_temp_path @FOLDER@/${n};`)
      .join(' ')
    const peer = await own(
      await written(
        'my.conf',
        `events {} http { access_log off; ${temporary} server { listen @LISTEN_HOST@:@LISTEN_PORT@;
          location / { proxy_pass http://@UPSTREAM_HOST@:@UPSTREAM_PORT@; } } }`,
      ),
    )
    origin.script('/own', { body: 'mine' })
    expect(await bodyOf(`${peer.url}/own`)).toBe('mine')
    await peer.stop()
  })

  it('leaves no process and no folder', async () => {
    const before = await scratch()
    const peer = await stock()
    expect((await scratch()).length).toBe(before.length + 1)
    await Promise.all([peer.stop(), peer.stop()])
    expect(await peer.ended).toMatch(/exit code 0|SIGTERM/)
    expect(() => process.kill(-peer.pid, 0)).toThrow('ESRCH')
    expect(await scratch()).toEqual(before)
    await expect(bodyOf(peer.url)).rejects.toThrow('ECONNREFUSED')
  })

  it('says when a peer dies by itself, and takes its workers along', async () => {
    const peer = await stock()
    process.kill(peer.pid, 'SIGKILL')
    expect(await peer.ended).toBe('ended by SIGKILL')
    await peer.stop()
    await expect(bodyOf(peer.url)).rejects.toThrow('ECONNREFUSED')
  })

  it.runIf(existsSync('/usr/bin/setpriv'))(
    'ends with its parent, also when that is killed without a word',
    async () => {
      const parent = spawn(process.execPath, ['--input-type=module', '--eval', orphaner(folder)], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [line] = (await once(parent.stdout, 'data')) as [Buffer]
      const { url } = JSON.parse(line.toString())
      parent.kill('SIGKILL')
      await vi.waitFor(() => expect(request(url)).rejects.toThrow('ECONNREFUSED'), { timeout: 5_000, interval: 20 })
    },
  )

  it('ends with its parent, folder and all, when that fails by an error', async () => {
    const before = await scratch()
    const parent = spawn(process.execPath, ['--input-type=module', '--eval', orphaner(folder, 'throw new Error()')], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [[line]] = (await Promise.all([once(parent.stdout, 'data'), once(parent, 'exit')])) as [[Buffer], unknown]
    const { url } = JSON.parse(line.toString())
    // A connection that is being closed with its process is reset, not refused.
    await vi.waitFor(() => expect(request(url)).rejects.toThrow('ECONNREFUSED'), { timeout: 5_000, interval: 20 })
    expect(await scratch()).toEqual(before)
  })

  it('refuses a file that does not say where the upstream is', async () => {
    const file = await written('blind.conf', 'server { listen @LISTEN_HOST@:@LISTEN_PORT@; }')
    await expect(own(file)).rejects.toThrow(/has no @UPSTREAM_HOST@, @UPSTREAM_PORT@: write the placeholders/)
  })

  it('refuses a placeholder that does not exist', async () => {
    const file = await written('odd.conf', '@UPSTREAM_HOST@ @UPSTREAM_PORT@ @LISTEN_HOST@ @LISTEN_PORT@ @CACHE@')
    await expect(own(file)).rejects.toThrow('odd.conf: there is no placeholder @CACHE@; there are @UPSTREAM_HOST@')
  })

  it('hands on what the software says of a wrong file, and leaves nothing', async () => {
    const before = await scratch()
    const file = await written(
      'bad.conf',
      '# @UPSTREAM_HOST@ @UPSTREAM_PORT@ @LISTEN_HOST@ @LISTEN_PORT@\nproxy_what on;',
    )
    await expect(own(file)).rejects.toThrow(
      /nginx did not start: ended with exit code 1\n.*unknown directive "proxy_what"/,
    )
    expect(await scratch()).toEqual(before)
  })

  it('refuses a folder where a file is wanted, and a file that is not there', async () => {
    await expect(own(folder)).rejects.toThrow(/must be a file/)
    await expect(own(join(folder, 'none.conf'))).rejects.toThrow(/cannot be read: ENOENT/)
    await expect(own(await written('r.config', ''), 'trafficserver')).rejects.toThrow(/must be a folder|not installed/)
  })

  it('refuses a port that is taken', async () => {
    const server = createServer()
    await new Promise<void>(done => server.listen(0, '127.0.0.1', done))
    const { port } = server.address() as { port: number }
    const listen = { host: '127.0.0.1', port }
    const taken = startPeer({ kind: 'nginx', variant: 'stock', upstream: origin, listen, edge: 'a1', site: 'a' })
    await expect(taken).rejects.toThrow(`port ${port} on 127.0.0.1 is taken`)
    await new Promise(done => server.close(done))
  })

  it.each([
    ['edge', { edge: 'a";evil' }],
    ['site', { site: 'A' }],
    ['upstream host', { upstream: { host: 'a; daemon on', port: 80 } }],
    ['upstream port', { upstream: { host: '127.0.0.1', port: 0 } }],
  ])('lets no %s become a directive', async (_, wrong) => {
    const options = {
      kind: 'nginx',
      variant: 'stock',
      upstream: origin,
      listen: loopback,
      edge: 'a1',
      site: 'a',
    } as const
    await expect(startPeer({ ...options, ...wrong })).rejects.toThrow(PeerError)
  })
})

describe('findPeer', () => {
  it('names a version, or the package to install', async () => {
    for (const name of peerNames) {
      const peer = await findPeer(name)
      if ('binary' in peer) {
        expect(peer.version, name).toMatch(/^\d+\.\d+/)
        expect(existsSync(peer.binary)).toBe(true)
      } else expect(peer.absent).toContain(`apt-get install`)
    }
  })

  it('has every configuration that it names', () => {
    for (const { variants } of Object.values(peerKinds)) {
      for (const path of Object.values(variants)) expect(existsSync(path), path).toBe(true)
    }
  })
})
