import { describe, expect, it } from 'vitest'
import { limits } from '../../live/limits.ts'
import { behaviours } from './behaviours.ts'
import { commandSchema } from './commands.ts'
import { Story, storySteps } from './story.ts'

const steps = storySteps(1_000)

describe('the story', () => {
  it('is three minutes, of commands that the page itself may give', () => {
    const totalMs = steps.reduce((sum, { forMs }) => sum + forMs, 0)
    expect(totalMs).toBeGreaterThan(165_000)
    expect(totalMs).toBeLessThan(195_000)
    for (const { commands, later } of steps) {
      for (const command of [...commands, ...(later?.commands ?? [])])
        expect(commandSchema.parse(command)).toEqual(command)
    }
    expect(limits.demoPlayers).toBeGreaterThanOrEqual(1_000)
  })

  it('ends with all of oca, wherever its switches were', () => {
    const touched = steps.flatMap(({ commands }) => commands).filter(command => command.do === 'behaviour')
    for (const { behaviour } of touched) expect(behaviours.map(({ name }) => name)).toContain(behaviour)
    expect(steps.flatMap(({ commands }) => commands)).toContainEqual({ do: 'preset', side: 'right', preset: 'oca' })
  })

  it('goes on by itself when a step is over, and waits when it is held', () => {
    const story = new Story(steps, true)
    expect(story.tick(0)).toEqual(steps[0]?.commands)
    expect(story.tick(13_999)).toEqual([])
    expect(story.tick(14_000)).toEqual(steps[1]?.commands)
    story.run(false)
    expect(story.tick(1_000_000)).toEqual([])
    expect(story.next(1_000_000)).toEqual(steps[2]?.commands)
    expect(story.back(1_000_000)).toEqual(steps[1]?.commands)
    expect(story.state(undefined, 1_000_000)).toMatchObject({ step: 2, of: steps.length, runs: false })
  })

  it('does once what comes a moment into a step, and stops at its end', () => {
    const story = new Story(steps, true)
    const last = steps.at(-1)
    story.goTo(steps.length - 1, 0)
    expect(story.tick(5_999)).toEqual([])
    expect(story.tick(6_000)).toEqual(last?.later?.commands)
    expect(story.tick(6_200)).toEqual([])
    expect(story.tick(60_000)).toEqual([])
  })

  it('keeps the number that was there when a step began', () => {
    const story = new Story(steps, false)
    story.tick(0)
    const shown = (origin: number) => {
      const side = { rates: { origin }, totals: { stops: 0 } }
      return { left: side, right: side } as never
    }
    story.state(shown(900), 0)
    expect(story.state(shown(4.25), 200)?.number).toMatchObject({
      before: { left: '900/s' },
      now: { left: '4.3/s' },
    })
  })
})
