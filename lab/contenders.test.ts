import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { findPeer } from '../edge/peers/peer.ts'
import { ConfigurationError } from '../process/configuration.ts'
import { contendersOf } from './contenders.ts'
import { HarnessError } from './harness-error.ts'

const onlyNginx: typeof findPeer = async name =>
  name === 'nginx' ? { binary: '/usr/sbin/nginx', version: '1.22.1' } : { absent: `${name} is not installed` }

const of = (edges: string[], policies: string[] = [], ownsTarget = false) =>
  contendersOf({ policies, edges, ownsTarget }, onlyNginx)

const folder = mkdtempSync(join(tmpdir(), 'tidegate-contenders-'))
const fileOf = (name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

describe('contendersOf', () => {
  it('keeps the preset nginx and nginx itself apart', async () => {
    const { contenders } = await of(['nginx', 'nginx:tuned', 'oca', 'http://127.0.0.1:1'], ['nginx'])
    expect(contenders.map(({ name, folder, is }) => [name, folder, is])).toEqual([
      ['nginx', 'nginx', 'policy'],
      ['edge:nginx', 'edge-nginx', 'peer'],
      ['edge:nginx:tuned', 'edge-nginx-tuned', 'peer'],
      ['oca', 'oca', 'policy'],
      ['edge:127.0.0.1:1', 'edge-127.0.0.1-1', 'url'],
    ])
    expect(contenders[1]).toMatchObject({ kind: 'nginx', variant: 'stock', version: '1.22.1' })
  })

  it('runs what is named twice twice, under names and in folders of their own', async () => {
    const { contenders } = await of(['nginx', 'nginx'], ['oca', 'oca'])
    expect(contenders.map(({ name }) => name)).toEqual(['oca', 'oca (2)', 'edge:nginx', 'edge:nginx (2)'])
    expect(new Set(contenders.map(({ folder }) => folder)).size).toBe(4)
  })

  it('says in a line what is not installed, and goes on without it', async () => {
    const { contenders, absent } = await of(['varnish:tuned', 'nginx'])
    expect(contenders.map(({ name }) => name)).toEqual(['edge:nginx'])
    expect(absent).toEqual(['edge:varnish:tuned is left out: varnish is not installed'])
    await expect(of(['haproxy'])).rejects.toThrow(
      new HarnessError('there is no edge to run: edge:haproxy is left out: haproxy is not installed'),
    )
  })

  it('refuses what the user must mend before anything is started', async () => {
    const usage = async (edge: string, message: RegExp) => {
      const refused = of([edge])
      await expect(refused).rejects.toThrow(message)
      await expect(refused).rejects.toBeInstanceOf(ConfigurationError)
    }
    await usage('squid', /no edge has the name "squid"/)
    await usage('https://edge.example.com', /say --i-own-this-target/)
    await usage('nginx:./nowhere.conf', /cannot be read/)
    await usage(`nginx:${fileOf('half.conf', '# @UPSTREAM_HOST@')}`, /has no @UPSTREAM_PORT@/)
    await usage(`nginx:${fileOf('plain.conf', 'events {}')}`, /plain\.conf has no proxy_pass: it asks no upstream/)
  })

  it('takes a URL beyond this machine when it is said to be the user’s own', async () => {
    const { contenders } = await of(['https://edge.example.com'], [], true)
    expect(contenders[0]).toMatchObject({ is: 'url', url: 'https://edge.example.com', name: 'edge:edge.example.com' })
  })
})
