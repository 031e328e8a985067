import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Argument, Command, InvalidArgumentError } from 'commander'
import { ServiceError } from './service.ts'
import { type ServiceName, type ServiceSet, serviceNames, startSet } from './set.ts'

// `npm run services`: starts what a run needs, says what to set, and stops it all on Ctrl-C. What it prints to standard
// output can be copied into a shell; progress goes to standard error.

interface Options {
  readonly nodes: Readonly<Record<string, number>>
  readonly servers: number
  readonly folder?: string
}

function parseNodes(text: string): Record<string, number> {
  const nodes = text.split(',').map(part => /^([a-z][a-z0-9]{0,15})=([1-9])$/.exec(part))
  if (nodes.some(part => !part)) throw new InvalidArgumentError('Data centres with 1 to 9 nodes are wanted: eu=3,us=1')
  return Object.fromEntries(nodes.map(part => [part?.[1], Number(part?.[2])]))
}

function parseCount(text: string): number {
  if (!/^[1-9]$/.test(text)) throw new InvalidArgumentError('A number from 1 to 9 is wanted.')
  return Number(text)
}

const tell = (line: string) => process.stderr.write(`services: ${line}\n`)

await new Command('services')
  .description(
    'Starts Cassandra, memcached and an S3 server on loopback, says how an origin uses them, and stops them on Ctrl-C.',
  )
  .addArgument(new Argument('[services...]', 'which ones; all when none is named').choices(serviceNames))
  .option('--nodes <list>', "Cassandra's nodes in each data centre (region), about 0.75 GB each", parseNodes, { eu: 1 })
  .option('--servers <number>', 'memcached servers of each region', parseCount, 1)
  .option(
    '--folder <path>',
    'where they keep everything; kept at the end (default: a temporary one, removed at the end)',
  )
  .addHelpText('after', '\nExamples:\n  npm run services\n  npm run services -- cassandra memcached --nodes eu=3,us=1')
  .action((names: readonly ServiceName[], options: Options) => run(names.length > 0 ? names : serviceNames, options))
  .parseAsync()

async function run(services: readonly ServiceName[], { nodes, servers, folder: named }: Options): Promise<void> {
  const end = new AbortController()
  const ended = new Promise<void>(done => end.signal.addEventListener('abort', () => done()))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      // A second one: nothing outlives us either way (service-process.ts).
      if (end.signal.aborted) process.exit(130)
      end.abort(new ServiceError('stopped before everything had started'))
    })
  }
  const folder = named === undefined ? await mkdtemp(join(tmpdir(), 'tidegate-services-')) : resolve(named)
  try {
    await mkdir(folder, { recursive: true })
    const plan = { services, dataCentres: nodes, memcachedServers: servers, folder, tell, signal: end.signal }
    const set = await startSet(plan)
    try {
      process.stdout.write(usage(set))
      await ended
      tell('stopping')
    } finally {
      await set.stop()
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    tell(error.message)
    process.exitCode = end.signal.aborted ? 130 : 1
  } finally {
    if (named === undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
}

/** What to set, ready to be copied. */
function usage({ storeFiles, environment }: ServiceSet): string {
  const secrets = Object.entries(environment).map(([name, value]) => `export ${name}=${value}`)
  const stores = Object.entries(storeFiles).map(([name, file]) => `tidegate origin --store ${file}   # ${name}`)
  return [
    '# Ready. Ctrl-C stops everything.',
    ...(secrets.length > 0 ? ['# Secrets, for the S3 store:', ...secrets] : []),
    '# An origin over one of these stores (event and ports as always), or `store:` in a scenario with what the file says:',
    ...stores,
    '',
  ].join('\n')
}
