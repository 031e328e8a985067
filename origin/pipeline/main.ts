import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { parse } from 'yaml'
import { now } from '../../process/clock.ts'
import { ConfigurationError, readConfiguration, secretFromEnvironment } from '../../process/configuration.ts'
import { listenForControl } from '../../process/control.ts'
import { type DecisionLog, logged, noDecisionLog, openDecisionLog } from '../../process/decision-log.ts'
import { type Life, live } from '../../process/lifecycle.ts'
import { Recorder } from '../../process/recorder.ts'
import type { PipelineScheduleConfig } from '../core/pipeline-effect.ts'
import { PipelineSchedule } from '../core/pipeline-schedule.ts'
import { Acknowledged } from './acknowledged.ts'
import { type PipelineConfig, pipelineConfigSchema, pipelineFaultsSchema } from './config.ts'
import { makeEncoder } from './encoder.ts'
import { exportMetrics } from './metrics.ts'
import { Packager } from './packager.ts'

// A regional pipeline as a process: feed, encoder, packager. It publishes by PUT like any packager.

export interface PipelineTokens {
  readonly publish: string
  readonly control: string
}

export interface RunningPipeline {
  readonly urls: { readonly control: string; readonly metrics?: string }
  /** Waits for running PUTs, then closes the listener and the log; a second call waits for the first. */
  close(): Promise<void>
}

/** After this many lines about failed PUTs the record alone counts them. */
const maxComplaints = 20

/**
 * Starts a pipeline; resolves when its control listener is open, with the first PUTs under way.
 * Throws ConfigurationError when the event does not fit the media.
 */
export async function startPipeline(config: PipelineConfig, tokens: PipelineTokens): Promise<RunningPipeline> {
  const recorder = new Recorder({ role: 'pipeline', name: config.name })
  const log = config.decisionLog ? openDecisionLog(config.decisionLog, config.decisionLogBytes) : noDecisionLog
  const acknowledged = new Acknowledged()
  const packagers = makePackagers(config, tokens.publish, { recorder, acknowledged, log })
  const state = () => ({ pipeline: config.pipeline, event: config.event.event, targets: packagers.map(p => p.state()) })
  const control = await listenForControl(
    {
      'GET /state': state,
      'GET /record': () => recorder.part(),
      'GET /acknowledged': () => acknowledged.list(),
      'POST /faults': body => {
        const change = pipelineFaultsSchema.parse(body)
        for (const packager of packagers) packager.changeFaults(change)
        return state()
      },
    },
    { host: config.host, port: config.controlPort, token: tokens.control },
  )
  const metrics = await exportMetrics(config, recorder)
  for (const packager of packagers) packager.start()
  const close = async () => {
    await Promise.all(packagers.map(packager => packager.close()))
    control.server.closeAllConnections()
    await new Promise<void>(done => control.server.close(() => done()))
    await metrics?.close()
    await log.close()
  }
  let closing: Promise<void> | undefined
  return {
    urls: { control: control.url, ...(metrics ? { metrics: metrics.url } : {}) },
    close() {
      closing ??= close()
      return closing
    },
  }
}

/** What all packagers of a process write to. */
interface Books {
  readonly recorder: Recorder
  readonly acknowledged: Acknowledged
  readonly log: DecisionLog
}

function makePackagers(
  config: PipelineConfig,
  publishToken: string,
  { recorder, acknowledged, log }: Books,
): Packager[] {
  const { event, pipeline, publishJitter, backlogSegments, seed } = config
  const encoder = makeEncoder(config)
  const scheduleConfig: PipelineScheduleConfig = { event, pipeline, publishJitter, backlogSegments, seed }
  const beganMs = now()
  const head = { config: { schedule: scheduleConfig, beganMs, targets: config.publishTo } }
  log.write({ log: 'tidegate-decisions/1', role: 'pipeline', name: config.name, ...head })
  const complain = complainTo(config.name)
  return config.publishTo.map((target, index) => {
    const ownLog =
      log === noDecisionLog ? log : { ...log, write: (entry: object) => log.write({ ...entry, core: index }) }
    const schedule = new PipelineSchedule(scheduleConfig, beganMs)
    return new Packager({
      event,
      pipeline,
      target,
      publishToken,
      schedule: logged(schedule, ['wake', 'putEnded', 'changeFaults'], ownLog),
      encoder,
      recorder,
      acknowledged,
      complain,
    })
  })
}

function complainTo(name: string): (message: string) => void {
  let complaints = 0
  return message => {
    complaints++
    if (complaints <= maxComplaints) process.stderr.write(`tidegate: pipeline ${name}: ${message}\n`)
    if (complaints === maxComplaints)
      process.stderr.write(`tidegate: pipeline ${name}: further failures are counted in the record only\n`)
  }
}

interface Flags {
  config?: string
  event?: string
  name?: string
  pipeline?: string
  publishTo?: string[]
  backlogSegments?: number
  controlPort?: number
  metricsPort?: number
  decisionLog?: string
}

const help = `
Examples:
  tidegate pipeline --event event.json --pipeline a --publish-to http://127.0.0.1:8081
  tidegate pipeline --config pipeline-a.yaml

The event is the origin's (/live/EVENT/event.json shows it). TIDEGATE_PUBLISH_TOKEN must be that of the origin; the
token for the control port is taken from TIDEGATE_CONTROL_TOKEN. A token that is not set is made and printed.`

/** The command `tidegate pipeline`. */
export const pipelineCommand = (): Command =>
  new Command('pipeline')
    .description('Run one regional pipeline: it makes segments and puts them to the origins')
    .option('--config <file>', 'configuration, JSON or YAML; - for standard input')
    .option('--event <file>', 'the live event (event.json), JSON or YAML')
    .option('--pipeline <name>', "which of the event's pipelines it is")
    .option('--name <name>', 'name of the process (default: pipeline)')
    .option('--publish-to <url...>', "the origins' publish listeners")
    .option('--backlog-segments <number>', 'segments before the live edge to put at once (default: 0)', Number)
    .option('--control-port <number>', 'where operators command; 0 for any free port', Number)
    .option('--metrics-port <number>', 'where Prometheus asks for /metrics; 0 for any free port', Number)
    .option('--decision-log <file>', 'keep every decision in this file (NDJSON)')
    .addHelpText('after', help)
    .action((flags: Flags) => live(flags, given => begin(configurationOf(given))))

async function begin(config: PipelineConfig): Promise<Life> {
  const publish = secretFromEnvironment('TIDEGATE_PUBLISH_TOKEN')
  const control = secretFromEnvironment('TIDEGATE_CONTROL_TOKEN')
  const pipeline = await startPipeline(config, { publish, control })
  return { ready: 'pipeline', name: config.name, listen: { ...pipeline.urls }, close: () => pipeline.close() }
}

/** The configuration that file and flags give together. Throws ConfigurationError. */
function configurationOf({ config, event, ...flags }: Flags): PipelineConfig {
  return readConfiguration(pipelineConfigSchema, config, {
    ...(config === undefined ? { name: 'pipeline' } : {}),
    ...(event === undefined ? {} : { event: readEvent(event) }),
    ...flags,
  })
}

function readEvent(file: string): unknown {
  try {
    return parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new ConfigurationError(`the event ${file} cannot be read: ${(error as Error).message}`)
  }
}
