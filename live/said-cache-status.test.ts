import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readCacheStatus } from './said-cache-status.ts'

describe('readCacheStatus', () => {
  it.each([
    ['cache-status', 'oca; hit; ttl=3; ttl-ms=3120; detail=hit', true],
    ['cache-status', 'oca; fwd=miss; collapsed; detail=collapsed', false],
    ['cache-status', '"origin shield"; hit, edge; fwd=stale', false],
    ['cache-status', 'shield; fwd=miss, edge; hit', true],
    ['cache-status', 'edge', undefined],
    ['cache-status', '???', undefined],
    ['x-cache-status', 'HIT', true],
    ['x-cache-status', 'MISS', false],
    ['x-cache-status', 'EXPIRED', false],
    ['x-cache-status', 'REVALIDATED', false],
    ['x-cache-status', 'BYPASS', false],
    ['x-cache-status', 'STALE', true],
    ['x-cache-status', 'UPDATING', true],
    ['cf-cache-status', 'DYNAMIC', false],
    ['x-cache', 'Hit from cloudfront', true],
    ['x-cache', 'RefreshHit from cloudfront', false],
    ['x-cache', 'TCP_MEM_HIT from a23 (AkamaiGHost)', true],
    ['x-cache', 'MISS, HIT', true],
    ['x-cache', 'HIT, MISS', false],
    ['via', 'http/1.1 traffic_server (ApacheTrafficServer/9.2.9 [cHs f ])', true],
    ['via', 'http/1.1 traffic_server (ApacheTrafficServer/9.2.9 [cMsSfW])', false],
    ['via', 'http/1.1 traffic_server (ApacheTrafficServer/9.2.9 [cSsNfU])', false],
    ['via', 'http/1.1 a (ApacheTrafficServer/9.2.9 [uScRs f p eN:t cCHp s ])', true],
    ['via', '1.1 a (ApacheTrafficServer/9.2.9 [cMsSfW]), 1.1 b (ApacheTrafficServer/9.2.9 [cHs f ])', true],
    ['via', '1.1 varnish (Varnish/7.1)', undefined],
    ['age', '12', true],
    ['age', '0', undefined],
    ['age', '-3', undefined],
  ])('%s: %s', (name, value, hit) => {
    expect(readCacheStatus({ [name]: value })).toEqual({ hit, detail: hit === undefined ? '' : `${name}: ${value}` })
  })

  it('takes the clearest field that says something', () => {
    expect(readCacheStatus({ age: '9', 'x-cache': 'MISS', 'cache-status': 'odd' }).detail).toBe('x-cache: MISS')
    expect(readCacheStatus({ via: ['1.1 varnish', '1.1 b (ApacheTrafficServer/9 [cHs f ])'] }).hit).toBe(true)
    expect(readCacheStatus({})).toEqual({ hit: undefined, detail: '' })
  })

  it('bears anything', () => {
    const names = fc.constantFrom('cache-status', 'x-cache', 'x-cache-status', 'via', 'age')
    fc.assert(
      fc.property(fc.dictionary(names, fc.string()), fields => {
        expect([true, false, undefined]).toContain(readCacheStatus(fields).hit)
      }),
    )
  })
})
