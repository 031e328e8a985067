import { describe, expect, it } from 'vitest'
import { type EdgePolicy, policySchema, presets } from '../../edge/core/policy.ts'
import { behaviours, behavioursOf } from './behaviours.ts'

describe('the switches of the page', () => {
  it('cover every field of a policy that is a behaviour, and nothing else', () => {
    // A name, tables and times are no behaviours: they are values of one.
    const values = ['name', 'proxy_cache_valid', 'proxy_cache_lock_timeout', 'sharedFailureMs', 'lockPollMs']
    const covered = new Set(behaviours.flatMap(({ on }) => Object.keys(on)).filter(field => field !== 'lockPollMs'))
    expect([...covered].sort()).toEqual(
      Object.keys(policySchema.shape)
        .filter(field => !values.includes(field))
        .sort(),
    )
  })

  it.each(behaviours.map(behaviour => [behaviour.name, behaviour] as const))(
    '%s is a policy both ways',
    (_, behaviour) => {
      for (const [way, expected] of [
        ['on', true],
        ['off', false],
      ] as const) {
        const policy = policySchema.parse({ ...(presets.oca as EdgePolicy), ...behaviour[way] })
        expect(behavioursOf(policy).includes(behaviour.name)).toBe(expected)
      }
    },
  )

  it('tell the presets apart as the README does', () => {
    expect(behavioursOf(presets.none as EdgePolicy)).toEqual([])
    const off = behaviours
      .map(({ name }) => name)
      .filter(name => !behavioursOf(presets.oca as EdgePolicy).includes(name))
    expect(off).toEqual(['staleLive'])
    expect(behavioursOf(presets.nginx as EdgePolicy)).toEqual(['proxy_cache', 'proxy_cache_lock', 'negativeCaching'])
  })
})
