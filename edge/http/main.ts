import { Command } from 'commander'
import { accessLogOf } from '../../process/access-log.ts'
import { ConfigurationError, readConfiguration, secretFromEnvironment } from '../../process/configuration.ts'
import { type Life, live } from '../../process/lifecycle.ts'
import { policySchema } from '../core/policy.ts'
import { type EdgeConfig, edgeConfigSchema } from './config.ts'
import { startEdge } from './start.ts'

export { type RunningEdge, startEdge } from './start.ts'

// `tidegate edge`: one edge process.

interface Flags {
  config?: string
  origin?: OriginAddress[]
  port?: number
  policy?: string
  switch?: Record<string, unknown>
  name?: string
  site?: string
  event?: string[]
  fastPath?: boolean
  accessLog?: string
  accessLogFormat?: string
  metricsPort?: number
}

const help = `
Examples:
  tidegate edge --origin http://127.0.0.1:8080 --name a1 --site a --event show --port 8081 \\
    --policy oca --switch designatedFill=false
  tidegate edge --origin eu=http://127.0.0.1:8080 --origin us=http://127.0.0.1:8090 --event show

The control token is taken from TIDEGATE_CONTROL_TOKEN; without it a fresh one is made and printed.`

/** The command `tidegate edge`. */
export function edgeCommand(): Command {
  return new Command('edge')
    .description('Run one edge cache in front of an origin')
    .option('--config <file>', 'configuration, JSON or YAML; - for standard input')
    .option(
      '--origin <[region=]url>',
      "the origin's delivery side; repeated as region=url, the own region's first, for origins in several regions",
      addOrigin,
    )
    .option('--port <number>', "the players' listener; 0 for any free port", Number)
    .option('--policy <name>', 'none, nginx or oca')
    .option('--switch <name=value>', 'one switch of the policy, e.g. wakeOnFill=false; can be repeated', addSwitch)
    .option('--name <name>', 'name of the edge (default: edge1)')
    .option('--site <name>', 'name of its site (default: site1)')
    .option('--event <name>', 'an event to know before the first request; can be repeated', addEvent)
    .option('--access-log <file>', "write down every request, in nginx's combined format with fields of the cache")
    .option('--access-log-format <name>', 'combined (default) or json')
    .option('--metrics-port <number>', 'where Prometheus asks for /metrics; 0 for any free port', Number)
    .option('--no-fast-path', 'answer every request through node:http')
    .addHelpText('after', help)
    .action((flags: Flags) => live(flags, given => begin(configurationOf(given))))
}

async function begin(config: EdgeConfig): Promise<Life> {
  const edge = await startEdge(config, secretFromEnvironment('TIDEGATE_CONTROL_TOKEN'))
  return { ready: 'edge', name: config.name, listen: { ...edge.urls }, close: () => edge.close() }
}

/** The configuration that file and flags give together. Throws ConfigurationError. */
export function configurationOf(flags: Flags): EdgeConfig {
  const overrides = {
    ...(flags.config === undefined ? { name: 'edge1', site: 'site1' } : {}),
    ...given('origins', flags.origin),
    ...given('port', flags.port),
    ...given('preset', flags.policy),
    ...given('switches', flags.switch),
    ...given('name', flags.name),
    ...given('site', flags.site),
    ...given('events', flags.event),
    // The option's default is true: only a flag that was given wins over the file.
    ...given('fastPath', flags.fastPath === false ? false : undefined),
    ...accessLogOf(flags.accessLog, flags.accessLogFormat),
    ...given('metricsPort', flags.metricsPort),
  }
  return readConfiguration(edgeConfigSchema, flags.config, overrides)
}

const given = (name: string, value: unknown): Record<string, unknown> => (value === undefined ? {} : { [name]: value })

const addEvent = (name: string, before: string[] = []): string[] => [...before, name]

interface OriginAddress {
  readonly region?: string
  readonly url: string
}

/** `http://…`, or `eu=http://…`. */
function addOrigin(text: string, before: OriginAddress[] = []): OriginAddress[] {
  const [, region, url] = /^(?:([a-z0-9-]+)=)?(.*)$/s.exec(text) as unknown as [string, string | undefined, string]
  return [...before, region === undefined ? { url } : { region, url }]
}

function addSwitch(text: string, before: Record<string, unknown> = {}): Record<string, unknown> {
  const [name, value] = text.split(/=(.*)/s, 2) as [string, string?]
  if (value === undefined || !(name in policySchema.shape)) {
    throw new ConfigurationError(
      `--switch ${text}: NAME=VALUE is wanted, with a name of ${Object.keys(policySchema.shape).join(', ')}`,
    )
  }
  return { ...before, [name]: switchValue(value) }
}

/** `false`, `250` and `["error"]` as what they are; everything else is text. */
function switchValue(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
