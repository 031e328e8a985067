import { readFileSync } from 'node:fs'
import { live } from '../../../process/lifecycle.ts'
import { originConfigSchema } from '../config.ts'
import { startOrigin } from '../start.ts'
import { FolderStore } from './folder-store.ts'

// An origin as a process of its own over a folder that other processes share: `shared-origin-worker.ts CONFIG FOLDER`.

const [configFile, folder] = process.argv.slice(2) as [string, string]
const config = originConfigSchema.parse(JSON.parse(readFileSync(configFile, 'utf8')))
const tokens = {
  publish: process.env.TIDEGATE_PUBLISH_TOKEN as string,
  control: process.env.TIDEGATE_CONTROL_TOKEN as string,
}
await live({}, async () => {
  const origin = await startOrigin(config, tokens, { store: new FolderStore(folder) })
  return { ready: 'origin', name: config.name, listen: { ...origin.urls }, close: () => origin.close() }
})
