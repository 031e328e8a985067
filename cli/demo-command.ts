import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { parsePolicy, presetNames } from '../lab/policies.ts'
import { limits } from '../live/limits.ts'
import { livePage } from '../pages/live/assets.ts'
import { Recording, readRecording } from '../pages/live/recording.ts'
import { type Show, type ShowServer, serveShow } from '../pages/live/server.ts'
import { Session } from '../pages/live/session.ts'
import { liveShow, replayShow } from '../pages/live/shows.ts'
import { storySteps } from '../pages/live/story.ts'
import { ConfigurationError } from '../process/configuration.ts'
import { loadScenario } from '../scenarios/load.ts'
import { exitCodes } from './errors.ts'
import { interruptSignal } from './interrupt.ts'
import { wholeNumber } from './numbers.ts'

interface Flags {
  left: string
  right: string
  players?: number
  port: number
  story?: boolean
  crowd: number
  record?: string
  replay?: string
  html?: string
}

const help = `
The page is served on this machine only, at an address with a token; it opens in any browser. Every key and button acts
on running processes. The session is recorded while it is shown.

Examples:
  tidegate demo                                  an event without an end: nginx on the left, oca on the right
  tidegate demo --story                          three minutes that explain it to a room
  tidegate demo kickoff --left none              a scenario with its own actions, until it ends
  tidegate demo --replay session.ndjson          a recorded session, without running anything
  tidegate demo --replay session.ndjson --html session.html`

/** `tidegate demo`. */
export const demoCommand = (): Command =>
  new Command('demo')
    .description('show two policies beside each other as they run, on a page with switches')
    .argument('[scenario]', "a scenario's name, or the path of a file", 'demo')
    .option('--left <policy>', 'policy of the left side', 'nginx')
    .option('--right <policy>', 'policy of the right side', 'oca')
    .option('--players <number>', "viewers of each side at the start (default: the scenario's own)", wholeNumber)
    .option('--port <number>', 'where the page is served; 0 for any free port', wholeNumber, 8_100)
    .option('--story', 'tell the story from its beginning')
    .option('--crowd <number>', 'how many viewers of each side the story has', wholeNumber, 1_000)
    .option('--record <file>', 'keep the session in this file')
    .option('--replay <file>', 'show a recorded session')
    .option('--html <file>', 'with --replay: write the session as one page that needs no server')
    .addHelpText('after', help)
    .action(async (scenario: string, flags: Flags) => {
      process.exitCode = await (flags.replay === undefined ? demo(scenario, flags) : replay(flags.replay, flags))
    })

async function demo(name: string, flags: Flags): Promise<number> {
  const { left, right, port, crowd, story = false } = flags
  if (flags.html !== undefined)
    throw new ConfigurationError('--html writes a recorded session: give --replay FILE as well')
  for (const policy of [left, right]) parsePolicy(policy)
  const scenario = loadScenario(name, { policies: presetNames })
  const players = flags.players ?? scenario.fleet.players
  for (const count of [players, crowd]) {
    if (count > limits.demoPlayers) {
      throw new ConfigurationError(`the page shows ${limits.demoPlayers} viewers of each side at most, not ${count}`)
    }
  }
  const folder = join(runsFolder, `${stamp(new Date())}-demo`)
  mkdirSync(folder, { recursive: true })
  const recording = new Recording(flags.record ?? join(folder, 'session.ndjson'))
  const session = new Session({
    scenario,
    policies: { left, right },
    players,
    folder,
    story: storySteps(crowd),
    tellsStory: story,
  })
  const server = await served(liveShow(session, recording), port)
  const ended = interrupted('ending the session')
  session.begin()
  process.stdout.write(`demo: ${server.url}\n`)
  await ended
  await session.end()
  await server.close()
  await recording.close()
  process.stdout.write(`session: ${recording.file}\n`)
  return exitCodes.held
}

async function replay(file: string, { port, html }: Flags): Promise<number> {
  const messages = readRecording(file)
  if (html !== undefined) {
    writeFileSync(html, (await livePage(messages)).html)
    process.stdout.write(`session: ${html}\n`)
    return exitCodes.held
  }
  const server = await served(replayShow(messages), port)
  process.stdout.write(`demo: ${server.url}\n`)
  await interrupted('ending the replay')
  await server.close()
  return exitCodes.held
}

/** A port that is taken is the user's to choose again. */
const served = (show: Show, port: number): Promise<ShowServer> =>
  serveShow(show, port).catch((error: Error) => {
    throw new ConfigurationError(`the page cannot be served: ${error.message} (--port)`)
  })

const interrupted = (words: string): Promise<void> =>
  new Promise(done => interruptSignal(words).addEventListener('abort', () => done()))

const root = dirname(dirname(fileURLToPath(import.meta.url)))
/** In the clone; where Tidegate is a package, in the folder that it was called in. */
const runsFolder = join(root.includes('node_modules') ? process.cwd() : root, 'results', 'runs')

/** `20260131-180000`: folders sort by time. */
const stamp = (at: Date): string => at.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15)
