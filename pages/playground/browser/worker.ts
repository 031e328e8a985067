import { config } from 'zod'
import type { Bases } from '../input.ts'
import type { Asked, Job, Told } from '../messages.ts'
import { planJob } from './plan-job.ts'
import { StormJob } from './storm-job.ts'

// The simulator beside the page, in a thread of its own: one job after the other, in turns short enough that a job which
// nobody wants any more is dropped at once. It decides nothing: the cores do.

// A page from a disk allows no code that is made from text, which zod tries for speed.
config({ jitless: true })

type Work = Extract<Asked, { do: 'storm' | 'plan' }>

const turnMs = 25
/** Often enough for a moving picture, seldom enough to cost nothing. */
const tellEveryMs = 80

let bases: Bases = {}
let queue: Work[] = []
let current: Job | undefined
const stopped = new Set<Job>()

const tell = (told: Told): void => postMessage(told)
/** Lets messages in. */
const breathe = (): Promise<void> => new Promise(done => setTimeout(done, 0))

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  switch (data.do) {
    case 'know':
      bases = { ...bases, ...data.bases }
      break
    case 'stop':
      queue = queue.filter(({ job }) => job !== data.job)
      if (current === data.job) stopped.add(data.job)
      break
    default:
      queue.push(data)
      if (current === undefined) void workOff()
  }
})

async function workOff(): Promise<void> {
  for (let work = queue.shift(); work !== undefined; work = queue.shift()) {
    current = work.job
    try {
      await (work.do === 'storm' ? storm(work) : plan(work))
    } catch (error) {
      tell({ says: 'failed', job: work.job, why: (error as Error).message })
    }
    stopped.delete(work.job)
    await breathe()
  }
  current = undefined
}

async function storm({ job, input, trace }: Extract<Work, { do: 'storm' }>): Promise<void> {
  const storming = new StormJob(baseOf(input.base), input, trace)
  let toldMs = performance.now()
  for (let isOver = false; !isOver; ) {
    isOver = storming.work(turnMs)
    if (isOver || performance.now() - toldMs >= tellEveryMs) {
      tell({ says: 'storm', job, state: storming.state() })
      toldMs = performance.now()
    }
    await breathe()
    if (stopped.has(job)) return
  }
  tell({ says: 'storm-over', job, result: await storming.result() })
}

async function plan({ job, request }: Extract<Work, { do: 'plan' }>): Promise<void> {
  await breathe()
  if (stopped.has(job)) return
  const record = planJob(baseOf(request.base), request, done => tell({ says: 'plan', job, done }))
  tell({ says: 'plan-over', job, record })
}

function baseOf(name: string) {
  const base = bases[name]
  if (base === undefined) throw new Error(`the page has no scenario '${name}'`)
  return base
}
