import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ConfigurationError } from '../../process/configuration.ts'
import { configurationOf, originCommand } from './main.ts'
import { startOrigin } from './start.ts'
import { eventOf, tokens } from './testing/test-origin.fixture.ts'

let folder: string
let event: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tidegate-origin-'))
  event = join(folder, 'event.json')
  await writeFile(event, JSON.stringify(eventOf(0)))
})
afterAll(() => rm(folder, { recursive: true }))

describe('tidegate origin', () => {
  it('needs no more than an event', () => {
    expect(configurationOf({ event })).toMatchObject({
      name: 'origin',
      host: '127.0.0.1',
      region: 'eu',
      deliveryPort: 0,
      store: { is: 'lsm', folder: 'tidegate-store' },
      event: { event: 'cup' },
    })
  })

  it('lets flags win over the file', async () => {
    const config = join(folder, 'origin.yaml')
    await writeFile(config, `name: o1\nregion: us\ndeliveryPort: 1\nevent: ${JSON.stringify(eventOf(0))}\n`)
    expect(configurationOf({ config, deliveryPort: 2 })).toMatchObject({ name: 'o1', region: 'us', deliveryPort: 2 })
  })

  it('says which field is wrong', async () => {
    expect(() => configurationOf({})).toThrow(/event/)
    expect(() => configurationOf({ event, publishPort: Number.NaN })).toThrow(/publishPort/)
    expect(() => configurationOf({ event: join(folder, 'none.json') })).toThrow(ConfigurationError)
  })

  it('has help with examples', () => {
    let help = ''
    const command = originCommand().configureOutput({
      writeOut: text => {
        help += text
      },
    })
    command.outputHelp()
    for (const flag of ['--config', '--event', '--delivery-port', '--publish-port', '--control-port', '--host']) {
      expect(help).toContain(flag)
    }
    expect(help).toContain('Examples:')
  })

  it('says that a port is taken, and leaves none of its listeners open', async () => {
    const first = await startOrigin(configurationOf({ event, store: 'memory' }), tokens)
    const taken = Number(new URL(first.urls.publish as string).port)
    const second = startOrigin(configurationOf({ event, store: 'memory', publishPort: taken }), tokens)
    await expect(second).rejects.toThrow(`port ${taken} on 127.0.0.1 is taken`)
    await first.close()
  })
})
