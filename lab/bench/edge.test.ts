import { describe, expect, it } from 'vitest'
import { benchEdge, figuresOf, missing, type Round } from './edge.ts'
import { type Cell, checked } from './edge-load.ts'

const cell = (hitsPerS: number, serverCpuUs: number, clientShare = 0.5): Cell => ({
  hitsPerS,
  serverCpuUs,
  totalCpuUs: serverCpuUs + 10,
  clientShare,
})
const round = (ours: Cell, theirs: Cell): Round => ({ oca: { '1mb': ours }, nginx: { '1mb': theirs } })

describe('the figures', () => {
  it('are medians over rounds of ratios within a round', () => {
    const rounds = [
      round(cell(100, 10), cell(50, 20, 0.96)),
      round(cell(10, 100), cell(10, 900)),
      round(cell(300, 10), cell(100, 30)),
    ]
    expect(figuresOf(rounds)).toMatchObject({
      hits_1mb_vs_nginx: 2,
      cpu_hits_1mb_vs_nginx: 3,
      cpu_per_gbit_1mb_vs_nginx: 0.333,
      'rate_1mb.oca': 100,
      'cpu_us_1mb.nginx': 30,
      'total_cpu_us_1mb.nginx': 40,
      'client_share_1mb.nginx': 0.5,
      client_share: 0.5,
      client_saturated: 0.167,
      edge_rounds: 3,
    })
  })
})

describe('what wrk says', () => {
  const said = (line: string) => `Running 1s test @ http://x\n  ${line}\nRequests/sec:  1\n`
  const load = { url: 'http://x', bodyBytes: 1_024 }

  it('is how many answers there were, in which time', () => {
    expect(checked(said('52970 requests in 1.05s, 78.10MB read'), load)).toEqual({ requests: 52_970, tookS: 1.05 })
    expect(checked(said('10 requests in 950.00ms, 12.00KB read'), load)).toEqual({ requests: 10, tookS: 0.95 })
  })

  it.each([
    ['nothing', ''],
    ['no answer', said('0 requests in 1.00s, 0.00B read')],
    ['answers without bodies', said('100 requests in 1.00s, 20.00KB read')],
    ['another status', `${said('10 requests in 1.00s, 12.00KB read')}  Non-2xx or 3xx responses: 10\n`],
    ['a socket error', `${said('10 requests in 1.00s, 12.00KB read')}  Socket errors: connect 0, read 1\n`],
  ])('is no measurement when it is %s', (_, text) => {
    expect(() => checked(text, load)).toThrow('wrk on http://x')
  })
})

describe('the benchmark', () => {
  it('comes out of real edges, or says what it lacks', async () => {
    const why = await missing()
    if (why !== undefined) {
      expect(why).toMatch(/not installed|Linux|core each/)
      return
    }
    const figures = await benchEdge({ rounds: 1, seconds: 1, warmUp: false, sizes: ['1kb'], peers: [] })
    expect(figures).toMatchObject({ edge_rounds: 1, hits_1kb_vs_node_http: expect.any(Number) })
    expect(figures['rate_1kb.oca']).toBeGreaterThan(0)
    expect(figures['cpu_us_1kb.oca']).toBeGreaterThan(0)
  })
})
