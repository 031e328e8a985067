import { SingleBar } from 'cli-progress'
import type { OnProgress, Progress } from '../lab/progress.ts'

// Shows on standard error what a run is doing: a bar on a terminal, else a line for each change.

export interface ProgressView {
  readonly show: OnProgress
  readonly end: () => void
}

/** No view at all when `quiet`. */
export function progressView(quiet: boolean): ProgressView {
  if (quiet) return { show: () => undefined, end: () => undefined }
  return process.stderr.isTTY ? barView() : lineView()
}

const percentOf = ({ index, of, done }: Progress): number => Math.floor(((index + done) / of) * 100)

function barView(): ProgressView {
  const bar = new SingleBar({
    format: '{bar} {percentage} % · {variant} ({position}): {doing}',
    stream: process.stderr,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C is the run's to answer: the bar must not end the process.
    gracefulExit: false,
  })
  let started = false
  return {
    show(progress) {
      const words = {
        variant: progress.variant,
        position: `${progress.index + 1} of ${progress.of}`,
        doing: progress.doing,
      }
      if (started) bar.update(percentOf(progress), words)
      else bar.start(100, percentOf(progress), words)
      started = true
    },
    end: () => bar.stop(),
  }
}

function lineView(): ProgressView {
  let said = ''
  return {
    show(progress) {
      const line = `${progress.variant} (${progress.index + 1} of ${progress.of}): ${progress.doing}`
      if (line !== said) process.stderr.write(`tidegate: ${line}\n`)
      said = line
    },
    end: () => undefined,
  }
}
