import { z } from 'zod'
import { nameSchema } from '../../live/event.ts'
import { ControlError, type ControlRoutes } from '../../process/control.ts'
import { type EdgePolicy, policyOf, policySchema } from '../core/policy.ts'
import { presetSchema, topologySchema } from './config.ts'
import type { EdgeDriver } from './driver.ts'
import type { EdgeRecorder } from './edge-recorder.ts'

// The edge's control commands (docs/processes.md, "Control listener").

export interface ControlParts {
  readonly name: string
  readonly site: string
  readonly driver: EdgeDriver
  readonly recorder: EdgeRecorder
  /** How many copies the core has evicted so far. */
  evictions(): number
}

const policyCommand = z.strictObject({ preset: presetSchema.optional(), switches: policySchema.partial().optional() })
const eventCommand = z.strictObject({ event: nameSchema })
const noBody = z.strictObject({}).optional()

export function controlRoutes(parts: ControlParts, startedWith: EdgePolicy): ControlRoutes {
  const { driver, recorder, name, site } = parts
  let policy = startedWith
  return {
    'GET /state': () => ({ name, site, policy, ...driver.state(), counts: Object.fromEntries(recorder.counts()) }),
    'GET /record': () => recorder.part(parts.evictions()),
    'POST /topology': body => {
      const topology = topologySchema.parse(body)
      if (topology.site !== site) {
        throw new ControlError(409, `this is an edge of site ${site}, not of ${topology.site}`)
      }
      driver.setTopology(topology.edges)
    },
    'POST /policy': body => {
      const { preset, switches } = policyCommand.parse(body)
      policy =
        preset === undefined
          ? policySchema.parse({ ...policy, ...switches })
          : policyOf(preset, switches as Partial<EdgePolicy>)
      driver.setPolicy(policy)
      return { policy }
    },
    'POST /flush': body => {
      noBody.parse(body)
      driver.flush()
    },
    'POST /refresh-event': async body => {
      const { event } = eventCommand.parse(body)
      try {
        const { version } = await driver.learn(event)
        return { event, version }
      } catch (error) {
        throw new ControlError(502, `the event ${event} could not be learnt: ${(error as Error).message}`)
      }
    },
    'POST /reset': body => {
      noBody.parse(body)
      recorder.reset(parts.evictions())
    },
  }
}
