import { request } from 'undici'
import { formatAddress } from '../../live/address.ts'
import { eventDefaults, type LiveEvent, parseLiveEvent } from '../../live/event.ts'
import { limits } from '../../live/limits.ts'
import { after, type EpochMs, type Ms } from '../../live/units.ts'
import { now } from '../../process/clock.ts'
import { ConfigurationError } from '../../process/configuration.ts'
import type { FleetConfig } from './config.ts'
import { type LogSurvey, surveyLog } from './from-log.ts'
import { replayLengthMs } from './replay-log.ts'

/** A fleet's configuration with everything found out that a run needs; plain data, so that workers can be handed it. */
export interface FleetPlan extends FleetConfig {
  readonly event: LiveEvent
  readonly startMs: EpochMs
  readonly durationMs: Ms
  /** What the lines of the access log came to, where one is replayed. */
  readonly log?: Pick<LogSurvey, 'counts' | 'bytes'> | undefined
}

/** From "as soon as it is ready" to the first player: the listener is open by then, and every worker is there. */
const leadMs = 500
const leadMsAWorker = 250
const defaultDurationMs = 30_000

/** Finds out what `config` leaves open. Throws ConfigurationError. */
export async function planOf(config: FleetConfig): Promise<FleetPlan> {
  const tooMany = tooManyPlayers(config.fleet.players, config)
  if (tooMany !== undefined) throw new ConfigurationError(tooMany)
  if (config.fromLog !== undefined) return planOfLog(config, config.fromLog)
  const event = config.event ?? (await fetchEvent(config))
  const durationMs = config.durationMs ?? (await usualDurationMs(config))
  return { ...config, event, durationMs, startMs: startOf(config) }
}

const startOf = ({ startMs, workers }: FleetConfig): EpochMs =>
  startMs ?? after(now(), leadMs + (workers > 1 ? workers * leadMsAWorker : 0))

/** The plan of a replayed access log, which is surveyed and reported. It needs no event; with one, bodies are verified. */
async function planOfLog(config: FleetConfig, file: string): Promise<FleetPlan> {
  if (config.replayLog !== undefined) throw new ConfigurationError('--from-log and --replay: give one of them')
  const { counts, bytes, lengthMs, events, report } = await surveyLog(file)
  for (const line of report) process.stderr.write(`tidegate: ${line}\n`)
  const eventName = events.includes(config.eventName) ? config.eventName : events[0]
  const event = config.event ?? (eventName === undefined ? noEvent : await eventOr(noEvent, { ...config, eventName }))
  const durationMs = config.durationMs ?? (lengthMs as number) / config.replaySpeed + limits.playerPatienceMs
  return { ...config, event, durationMs, startMs: startOf(config), log: { counts, bytes } }
}

/** In place of an event where none is known: no address is of it, so that nothing is verified by it. */
const noEvent: LiveEvent = { ...eventDefaults, event: '-', startMs: 0, renditions: [] }

async function eventOr(fallback: LiveEvent, config: FleetConfig): Promise<LiveEvent> {
  try {
    return await fetchEvent(config)
  } catch (error) {
    process.stderr.write(`tidegate: bodies are not verified: ${(error as Error).message}\n`)
    return fallback
  }
}

/** What is wrong with a fleet of `players` for this process, or undefined. */
export function tooManyPlayers(players: number, { shard, workers }: FleetConfig): string | undefined {
  const here = Math.ceil(players / (shard.of * workers))
  if (here <= limits.fleetPlayers) return undefined
  return `${players} players are ${here} in each thread, which may have ${limits.fleetPlayers}: cut the fleet into more shards`
}

async function usualDurationMs({ replayLog, replaySpeed }: FleetConfig): Promise<Ms> {
  if (replayLog === undefined) return defaultDurationMs
  return (await replayLengthMs(replayLog)) / replaySpeed + limits.playerPatienceMs
}

/** The live event configuration, as the first edge has it. */
async function fetchEvent({ sites, eventName }: FleetConfig): Promise<LiveEvent> {
  const edge = sites[0]?.edges[0] as string
  const url = new URL(formatAddress({ kind: 'event-config', event: eventName }), edge)
  try {
    const { statusCode, body } = await request(url, {
      headersTimeout: limits.playerPatienceMs,
      bodyTimeout: limits.playerPatienceMs,
      signal: AbortSignal.timeout(2 * limits.playerPatienceMs),
    })
    const text = await body.text()
    if (statusCode !== 200) throw new Error(`it answered ${statusCode}`)
    return parseLiveEvent(JSON.parse(text))
  } catch (error) {
    const why = (error as Error).message || String((error as { code?: string }).code)
    throw new ConfigurationError(
      `the event '${eventName}' cannot be read from ${url}: ${why}. Name a running edge by --target and its event by --event`,
    )
  }
}
