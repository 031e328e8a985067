import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { calibrationId } from '../sim/calibration.ts'
import { calibrationFrom } from '../sim/node/calibrate.ts'
import { runForCalibration } from '../sim/node/calibration-run.ts'
import { exitCodes } from './errors.ts'
import { interruptSignal } from './interrupt.ts'
import { progressView } from './progress-view.ts'

interface Flags {
  readonly out?: string
  readonly quiet?: boolean
}

const usualFile = join(dirname(dirname(fileURLToPath(import.meta.url))), 'results', 'calibration.json')

const help = `
Runs a short, quiet scenario as real processes (about 20 s) and measures from its decision logs what one request costs at
the edge and at the origin, how long a way is, and how late the generator acts. Let nothing else run meanwhile.

Then: tidegate sim kickoff --calibration results/calibration.json`

/** `tidegate calibrate`. */
export const calibrateCommand = (): Command =>
  new Command('calibrate')
    .description('measure this machine for tidegate sim: service times, latencies, generator overhead')
    .option('--out <file>', 'where it is written (default: results/calibration.json)')
    .option('--quiet', 'show no progress')
    .addHelpText('after', help)
    .action(async (flags: Flags) => {
      process.exitCode = await calibrate(flags)
    })

async function calibrate({ out = usualFile, quiet = false }: Flags): Promise<number> {
  const view = progressView(quiet)
  try {
    const run = await runForCalibration(view.show, interruptSignal('ending the calibration, nothing is written'))
    const { calibration, kept } = calibrationFrom(run, { measuredAt: new Date().toISOString() })
    mkdirSync(dirname(out), { recursive: true })
    writeFileSync(out, `${JSON.stringify(calibration, null, 2)}\n`)
    view.end()
    process.stdout.write(`calibration ${calibrationId(calibration)}: ${relative(process.cwd(), out)}\n`)
    if (kept.length > 0) process.stdout.write(`not seen often enough, so taken from the default: ${kept.join(', ')}\n`)
    return exitCodes.held
  } finally {
    view.end()
  }
}
