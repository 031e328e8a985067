import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { returnAfterMs, routeOf } from './steering.ts'

const sites = ['a', 'b'].map(site => ({ site, edges: [1, 2, 3].map(n => `http://${site}${n}`) }))
const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('steering', () => {
  it('gives a player an edge of its site, always the same', () => {
    fc.assert(
      fc.property(fraction, fraction, (siteFraction, edgeFraction) => {
        const place = { siteFraction, edgeFraction }
        const edge = routeOf(sites, place).edgeAt(0)
        expect(edge).toBe(routeOf(sites, place).edgeAt(1_000))
        expect(sites[siteFraction < 0.5 ? 0 : 1]?.edges).toContain(edge)
      }),
    )
  })

  it("spreads a site's players over its edges", () => {
    const players = Array.from({ length: 3_000 }, (_, k) => ({ siteFraction: 0, edgeFraction: k / 3_000 }))
    const counts = Object.groupBy(players, place => routeOf(sites, place).edgeAt(0))
    for (const edge of sites[0]!.edges) expect(counts[edge]!.length).toBeGreaterThan(800)
  })

  it('goes to the next edge of the site after a refusal, and back after a while', () => {
    const route = routeOf(sites, { siteFraction: 0.7, edgeFraction: 0.3 })
    const preferred = route.edgeAt(0)
    route.refused(preferred, 0)
    const second = route.edgeAt(1)
    expect(second).not.toBe(preferred)
    route.refused(second, 1)
    const third = route.edgeAt(2)
    expect(new Set([preferred, second, third])).toEqual(new Set(sites[1]!.edges))
    route.refused(third, 2)
    expect(route.edgeAt(3)).toBe(preferred)
    expect(route.edgeAt(returnAfterMs)).toBe(preferred)
    expect(route.edgeAt(2 * returnAfterMs)).toBe(preferred)
  })

  it('moves only the players of the last edge when that one is taken away', () => {
    const fewer = [{ site: 'a', edges: ['http://a1', 'http://a2'] }]
    for (let k = 0; k < 100; k++) {
      const place = { siteFraction: 0, edgeFraction: k / 100 }
      const before = routeOf([sites[0]!], place).edgeAt(0)
      if (before !== 'http://a3') expect(routeOf(fewer, place).edgeAt(0)).toBe(before)
    }
  })

  it('gives a player the same place in its site whatever the ports are', () => {
    const elsewhere = [{ site: 'a', edges: ['http://b1', 'http://b2', 'http://b3'] }]
    for (let k = 0; k < 100; k++) {
      const fractions = { siteFraction: 0, edgeFraction: k / 100 }
      const edge = routeOf([sites[0]!], fractions).edgeAt(0)
      expect(routeOf(elsewhere, fractions).edgeAt(0)).toBe(edge.replace('a', 'b'))
    }
  })
})
