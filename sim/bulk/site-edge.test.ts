import { expect, test } from 'vitest'
import { formatAddress } from '../../live/address.ts'
import { expectedPublication, liveEdge } from '../../live/template.ts'
import { after } from '../../live/units.ts'
import type { Asker } from './site-edge-io.ts'
import { SiteWorld } from './site-world.ts'
import { aClass, aWorld, startMs } from './testing.fixture.ts'

// One edge of a simulated site: who begins a fill.

const { event } = aWorld()
const next = (liveEdge(event, startMs) as number) + 1
const { name: rendition } = event.renditions[0]!
const path = formatAddress({ kind: 'segment', event: event.event, rendition, number: next })
const question = { method: 'GET', path }

/** A site of one edge, and what becomes of two who ask there: one who follows, and one who is there. */
function aSite() {
  const site = new SiteWorld({
    ...aWorld(),
    beginsMs: startMs,
    fate: { region: 'eu', touchedBy: [], share: 1 },
    sites: 1,
    edges: 1,
    latencies: aClass().latencies,
  })
  const [edge] = site.edges
  if (!edge) throw new Error('the site has no edge')
  const ended: string[] = []
  const asker = (who: string): Asker => ({
    count: 1,
    answered: ({ status, collapsed }) => ended.push(`${who} ${status}${collapsed ? ' collapsed' : ''}`),
    failed: how => ended.push(`${who} ${how}`),
  })
  const follower: Asker = {
    ...asker('follower'),
    askAgain: mayBegin => edge.request(question, mayBegin ? asker('follower') : follower),
  }
  return { site, edge, ended, follower, there: asker('there') }
}

const publishedMs = expectedPublication(event, next)

test('who follows begins no fill, and joins the one that somebody else begins', () => {
  const { site, edge, ended, follower, there } = aSite()
  site.agenda.runUntil(after(publishedMs, -200))
  expect(edge.request(question, follower)).toBeUndefined()
  site.agenda.runUntil(after(publishedMs, -100))
  expect(edge.request(question, there)).toBe('fill-miss')
  site.agenda.runUntil(after(publishedMs, 200))
  expect(ended.toSorted()).toEqual(['follower 200 collapsed', 'there 200'])
})

test('who follows nobody for half a second asks all the same', () => {
  const { site, edge, ended, follower } = aSite()
  site.agenda.runUntil(after(publishedMs, -200))
  edge.request(question, follower)
  site.agenda.runUntil(after(publishedMs, 290))
  expect(ended).toEqual([])
  site.agenda.runUntil(after(publishedMs, 400))
  expect(ended).toEqual(['follower 200'])
})

test('what is stored, a follower gets at once', () => {
  const { site, edge, ended, follower, there } = aSite()
  site.agenda.runUntil(after(publishedMs, 100))
  edge.request(question, there)
  site.agenda.runUntil(after(publishedMs, 200))
  edge.request(question, follower)
  expect(ended).toEqual(['there 200', 'follower 200'])
})
