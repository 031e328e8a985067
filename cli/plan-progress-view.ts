import { SingleBar } from 'cli-progress'
import type { PlanProgress } from '../sim/node/run-plan.ts'
import { formatSecond } from '../sim/plan/amounts.ts'

// Shows on standard error how far a plan is: simulated time, speed and what is left; a bar on a terminal, else a line
// now and then.

export interface PlanProgressView {
  readonly show: (progress: PlanProgress) => void
  readonly end: () => void
}

/** Between two lines where there is no terminal, ms. */
const lineEveryMs = 5_000

/** No view at all when `quiet`. */
export function planProgressView(quiet: boolean): PlanProgressView {
  if (quiet) return { show: () => undefined, end: () => undefined }
  return process.stderr.isTTY ? barView() : lineView()
}

/** Words for a progress after `tookMs`. */
function wordsOf({ done, doing, durationMs }: PlanProgress, tookMs: number) {
  const simulatedMs = done * durationMs
  const speed = tookMs > 0 ? simulatedMs / tookMs : 0
  const leftMs = done > 0 ? (tookMs * (1 - done)) / done : 0
  return {
    doing,
    simulated: `${formatSecond(Math.round(simulatedMs / 1_000))} of ${formatSecond(Math.round(durationMs / 1_000))}`,
    speed: `${Math.round(speed)} times real time`,
    left: `${Math.ceil(leftMs / 1_000)} s left`,
  }
}

function barView(): PlanProgressView {
  const bar = new SingleBar({
    format: '{bar} {percentage} % · {simulated} · {speed} · {left} · {doing}',
    stream: process.stderr,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    // Ctrl-C is the plan's to answer: the bar must not end the process.
    gracefulExit: false,
  })
  const startedMs = performance.now()
  let started = false
  return {
    show(progress) {
      const words = wordsOf(progress, performance.now() - startedMs)
      const percent = Math.floor(progress.done * 100)
      if (started) bar.update(percent, words)
      else bar.start(100, percent, words)
      started = true
    },
    end: () => bar.stop(),
  }
}

function lineView(): PlanProgressView {
  const startedMs = performance.now()
  let saidMs = -Infinity
  return {
    show(progress) {
      const nowMs = performance.now()
      if (nowMs - saidMs < lineEveryMs) return
      saidMs = nowMs
      const { doing, simulated, speed, left } = wordsOf(progress, nowMs - startedMs)
      process.stderr.write(
        `tidegate: ${Math.floor(progress.done * 100)} %, ${simulated}, ${speed}, ${left} (${doing})\n`,
      )
    },
    end: () => undefined,
  }
}
