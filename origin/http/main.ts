import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { parse } from 'yaml'
import { accessLogOf } from '../../process/access-log.ts'
import { ConfigurationError, readConfiguration, secretFromEnvironment } from '../../process/configuration.ts'
import { type Life, live } from '../../process/lifecycle.ts'
import { type OriginConfig, originConfigSchema } from './config.ts'
import { startOrigin } from './start.ts'

export { type RunningOrigin, startOrigin } from './start.ts'

// `tidegate origin`: one origin process.

interface Flags {
  config?: string
  event?: string
  name?: string
  region?: string
  deliveryPort?: number
  publishPort?: number
  controlPort?: number
  host?: string
  decisionLog?: string
  serverTiming?: boolean
  accessLog?: string
  accessLogFormat?: string
  metricsPort?: number
  role?: string
  store?: string
  follow?: string[]
  wait?: string | true
}

/** Of the embedded store, where the command is given no other. */
const defaultFolder = 'tidegate-store'
/** `--wait` without a number. */
const defaultWaitSeconds = 300

const help = `
Examples:
  tidegate origin --event event.json --delivery-port 8080 --publish-port 8081 --control-port 8082
  tidegate origin --config origin.yaml --host 0.0.0.0

  tidegate origin --event event.json --role publish --store cassandra.yaml --control-port 8082
  tidegate origin --event event.json --role delivery --store cassandra.yaml --follow eu=http://127.0.0.1:8082

An event is one live event's configuration, as /live/EVENT/event.json shows it. Segments are kept in an embedded store in
the folder ${defaultFolder}, so that a restart finds them; --store memory keeps them as long as the process lives, and a
file names another store (docs/storage.md). Publish and delivery can be processes of their own over a store that both can
open; a delivery process follows the publish processes, and operators command these. Packagers put their segments to
/ingest/PIPELINE/EVENT/RENDITION/NUMBER.m4s on the publish port with the token of TIDEGATE_PUBLISH_TOKEN, operators use
the control port with that of TIDEGATE_CONTROL_TOKEN; a token that is not set is made and printed.`

/** The command `tidegate origin`. */
export function originCommand(): Command {
  return new Command('origin')
    .description('Run one live origin: packagers put segments, edges and players get them')
    .option('--config <file>', 'configuration, JSON or YAML; - for standard input')
    .option('--event <file>', 'the live event (event.json), JSON or YAML')
    .option('--name <name>', 'name of the origin (default: origin)')
    .option('--region <name>', 'region of the origin (default: eu)')
    .option('--role <role>', 'both (default), publish or delivery')
    .option('--store <kind or file>', 'lsm (default), memory, or a file that describes a store, JSON or YAML')
    .option('--follow <region=url...>', 'control listeners of the publish processes to follow')
    .option('--wait [seconds]', `wait for a store that does not answer yet (without a number: ${defaultWaitSeconds})`)
    .option('--delivery-port <number>', 'where edges and players ask; 0 for any free port', Number)
    .option('--publish-port <number>', 'where packagers put; 0 for any free port', Number)
    .option('--control-port <number>', 'where operators command; 0 for any free port', Number)
    .option('--host <address>', 'address to listen on (default: 127.0.0.1)')
    .option('--decision-log <file>', 'keep every decision in this file (NDJSON)')
    .option('--server-timing', 'say on each answer where its time went')
    .option('--access-log <file>', "write down every request of the delivery side, in nginx's combined format and more")
    .option('--access-log-format <name>', 'combined (default) or json')
    .option('--metrics-port <number>', 'where Prometheus asks for /metrics; 0 for any free port', Number)
    .addHelpText('after', help)
    .action((flags: Flags) => live(flags, given => begin(configurationOf(given))))
}

async function begin(config: OriginConfig): Promise<Life> {
  const publish = secretFromEnvironment('TIDEGATE_PUBLISH_TOKEN')
  const control = secretFromEnvironment('TIDEGATE_CONTROL_TOKEN')
  const origin = await startOrigin(config, { publish, control })
  return { ready: 'origin', name: config.name, listen: { ...origin.urls }, close: () => origin.close() }
}

/** The configuration that file and flags give together. Throws ConfigurationError. */
export function configurationOf(flags: Flags): OriginConfig {
  const { config, event, accessLog, accessLogFormat, store, follow, wait, ...others } = flags
  const parts = {
    ...(config === undefined ? { name: 'origin' } : {}),
    ...(event === undefined ? {} : { event: readFile('event', event) }),
    ...(store === undefined ? {} : { store: storeOf(store) }),
    ...(follow === undefined ? {} : { follow: follow.map(followOf) }),
    ...(wait === undefined ? {} : { storeWaitMs: (wait === true ? defaultWaitSeconds : Number(wait)) * 1_000 }),
    ...accessLogOf(accessLog, accessLogFormat),
    ...others,
  }
  return readConfiguration(originConfigSchema, config, parts, { store: embedded })
}

const embedded = { is: 'lsm', folder: defaultFolder }

/** `lsm`, `memory`, or what a file says. */
const storeOf = (kindOrFile: string): unknown =>
  kindOrFile === 'lsm' ? embedded : kindOrFile === 'memory' ? { is: 'memory' } : readFile('store', kindOrFile)

function followOf(text: string): { region: string; url: string } {
  const at = text.indexOf('=')
  if (at < 1)
    throw new ConfigurationError(`--follow ${text}: a region and a control listener, eu=http://127.0.0.1:8082`)
  return { region: text.slice(0, at), url: text.slice(at + 1) }
}

function readFile(what: string, file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new ConfigurationError(`the ${what} ${file} cannot be read: ${(error as Error).message}`)
  }
}
