import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { Command } from 'commander'
import { checkPeerConfig, PeerError } from '../edge/peers/peer.ts'
import { ConfigurationError } from '../process/configuration.ts'
import { nextSteps, nginxPlaces, planFiles } from './init/plan.ts'
import type { Setting } from './init/texts.ts'

interface Flags {
  readonly nginx?: string | false
  readonly force?: boolean
}

const help = `
Writes tidegate/live.yaml (a scenario), tidegate/gate.sh (runs it and holds the gate; any CI service can call it) and
.github/workflows/tidegate.yml (GitHub Actions). Where the repository has an nginx.conf, that nginx is the edge under
test, with its configuration as it is deployed: only where it listens, whom it asks and where it keeps files is the
lab's. Nothing that is there is written over.

Examples:
  npx tidegate init
  npx tidegate init --nginx deploy/edge.conf
  npx tidegate init --no-nginx`

/** `tidegate init`. */
export const initCommand = (): Command =>
  new Command('init')
    .description('write a scenario, a gate and a workflow for CI into this repository')
    .option('--nginx <file>', 'the configuration of the nginx to test (default: nginx.conf, where there is one)')
    .option('--no-nginx', 'test our own edge, whatever is here')
    .option('--force', 'write over files that are there')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      const nginxConf = nginxOf(flags)
      const install = existsSync('package-lock.json') ? 'npm ci' : 'npm install'
      const setting: Setting = { nginxConf, install }
      const changes = nginxConf === undefined ? [] : await changesTo(nginxConf)
      write(setting, flags.force ?? false)
      tell(setting, changes)
    })

function nginxOf({ nginx }: Flags): string | undefined {
  if (nginx === false) return undefined
  return typeof nginx === 'string' ? nginx : nginxPlaces.find(place => existsSync(place))
}

/** What the lab changes in it. A configuration that cannot be an edge is told before anything is written. */
async function changesTo(nginxConf: string): Promise<readonly string[]> {
  try {
    return await checkPeerConfig('nginx', nginxConf)
  } catch (error) {
    if (!(error instanceof PeerError)) throw error
    throw new ConfigurationError(`${error.message}; name another with --nginx FILE, or test our edge with --no-nginx`)
  }
}

function write(setting: Setting, force: boolean): void {
  const files = planFiles(setting)
  const there = files.filter(({ path }) => existsSync(path))
  if (there.length > 0 && !force) {
    throw new ConfigurationError(
      `${there.map(({ path }) => path).join(', ')}: already there, and nothing was written; --force writes over`,
    )
  }
  for (const { path, text } of files) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text, { mode: path.endsWith('.sh') ? 0o755 : 0o644 })
  }
}

function tell(setting: Setting, changes: readonly string[]): void {
  const { nginxConf } = setting
  const edge = nginxConf === undefined ? 'our own edge' : `nginx with ${nginxConf}`
  const lines = [
    ...planFiles(setting).map(({ path }) => `wrote ${path}`),
    '',
    `The edge under test is ${edge}.`,
    ...changes.map(change => `  In the lab, ${change}.`),
    '',
    'Next:',
    ...nextSteps(setting, isDependency()).map(step => `  ${step}`),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

/** Whether the repository's package.json names Tidegate, so that an installation there brings it. */
function isDependency(): boolean {
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as Record<string, object>
    return 'tidegate' in { ...dependencies, ...devDependencies }
  } catch {
    return false // No package.json, or none that can be read: the next step makes one.
  }
}
