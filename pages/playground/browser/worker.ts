import { config } from 'zod'
import { type Bases, planCommand } from '../input.ts'
import type { Asked, Job, Told } from '../messages.ts'
import { planJob } from './plan-job.ts'
import { nameOf, StormJob } from './storm-job.ts'

// The simulator beside the page, in a thread of its own: in turns short enough that a job which nobody wants any more is
// dropped at once, and that a new one comes first. It decides nothing: the cores do.

// A page from a disk allows no code that is made from text, which zod tries for speed.
config({ jitless: true })

type Work = Extract<Asked, { do: 'storm' | 'plan' }>

/** Short enough for a moving picture, long enough that telling costs nothing. */
const turnMs = 50

let bases: Bases = {}
/** The newest is worked on first: it is what somebody looks at. */
const works: Work[] = []
const storms = new Map<Job, StormJob>()
let isWorking = false

const tell = (told: Told): void => postMessage(told)
/** Lets messages in. */
const breathe = (): Promise<void> => new Promise(done => setTimeout(done, 0))

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  switch (data.do) {
    case 'know':
      bases = { ...bases, ...data.bases }
      break
    case 'stop':
      drop(data.job)
      break
    default:
      works.push(data)
      if (!isWorking) void workOff()
  }
})

function drop(job: Job): void {
  const place = works.findIndex(work => work.job === job)
  if (place >= 0) works.splice(place, 1)
  storms.delete(job)
}

async function workOff(): Promise<void> {
  isWorking = true
  // What was asked with one breath is there before the first of it begins.
  await breathe()
  for (let work = works.at(-1); work !== undefined; work = works.at(-1)) {
    try {
      await (work.do === 'storm' ? storm(work) : plan(work))
    } catch (error) {
      drop(work.job)
      tell({ says: 'failed', job: work.job, why: (error as Error).message })
    }
    await breathe()
  }
  isWorking = false
}

/** Goes on with a storm until there is something to tell. */
async function storm({ job, input, trace }: Extract<Work, { do: 'storm' }>): Promise<void> {
  const storming = storms.get(job) ?? new StormJob(baseOf(input.base), input, trace)
  storms.set(job, storming)
  const isOver = storming.work(turnMs)
  tell({ says: 'storm', job, state: storming.state() })
  if (!isOver) return
  drop(job)
  tell({ says: 'storm-over', job, result: await storming.result() })
}

async function plan({ job, request }: Extract<Work, { do: 'plan' }>): Promise<void> {
  drop(job)
  const record = planJob(baseOf(request.base), request, done => tell({ says: 'plan', job, done }))
  tell({ says: 'plan-over', job, command: planCommand(request, nameOf(request.policy)), record })
}

function baseOf(name: string) {
  const base = bases[name]
  if (base === undefined) throw new Error(`the page has no scenario '${name}'`)
  return base
}
