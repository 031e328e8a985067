import { parentPort, workerData } from 'node:worker_threads'
import { runHere } from './fleet-here.ts'
import type { FleetPlan } from './plan.ts'
import type { RunningFleet } from './running-fleet.ts'
import type { WorkerCall, WorkerMessage, WorkerRequest } from './worker-messages.ts'

// The entry of a worker thread: a fleet of its own, driven by messages.

const { plan, shard } = workerData as { plan: FleetPlan; shard: { index: number; of: number } }
const say = (message: WorkerMessage): void => parentPort?.postMessage(message)

const fleet = await runHere(plan, shard)
parentPort?.on('message', ({ id, call }: WorkerRequest) => {
  carryOut(fleet, call).then(
    value => say({ is: 'answer', id, value }),
    error => say({ is: 'answer', id, error: String(error) }),
  )
})
say({ is: 'ready' })
say({ is: 'done', part: await fleet.done })

function carryOut(to: RunningFleet, call: WorkerCall): Promise<unknown> {
  switch (call.do) {
    case 'resize':
      return to.resize(call.players)
    case 'retarget':
      return to.retarget(call.sites)
    default:
      return to[call.do]()
  }
}
