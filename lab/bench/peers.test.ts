import { describe, expect, it, test } from 'vitest'
import type { Variant } from '../../results/record/record.ts'
import { withSection } from '../page-section.ts'
import { type EdgeRounds, peersResult } from './peer-figures.ts'
import { comparedEdges } from './peer-ground.ts'
import { benchPeers } from './peers.ts'
import { compare, type Measure } from './preset-comparison.ts'

const rounds = (more: Partial<EdgeRounds> = {}): EdgeRounds => ({
  waits: [
    [2, 3, 4],
    [2, 3, 4],
  ],
  unheld: 0,
  last404s: [0, 0],
  beforePublication: [2, 2],
  onFault: [2, 2],
  faultFailures: [0, 0],
  ...more,
})
const direct = [[1, 2, 3]]

describe('the figures of bench:peers', () => {
  it('are by edge, and those of ours also stand alone', () => {
    const { figures } = peersResult(
      new Map([
        ['oca', rounds()],
        ['nginx', rounds({ last404s: [0, 900] })],
      ]),
      direct,
    )
    expect(figures).toMatchObject({
      hold_added_ms_p50: 1,
      'hold_added_ms_p50.nginx': 1,
      'last_404_after_publication_ms.oca': 0,
      'last_404_after_publication_ms.nginx': 900,
      origin_requests_before_publication: 2,
      'origin_requests_on_leader_fault.nginx': 2,
      oca_worse_than_best: 0,
    })
  })

  it('say where ours is behind the best other by more than the noise', () => {
    const ours = rounds({ onFault: [5, 4], beforePublication: [3, 2] })
    const { figures, verdicts } = peersResult(
      new Map([
        ['oca', ours],
        ['varnish', rounds()],
      ]),
      direct,
    )
    expect(figures.oca_worse_than_best).toBe(1)
    expect(verdicts).toContain(
      'origin_requests_on_leader_fault: oca 5 is WORSE than the best other, varnish 2 (noise 1)',
    )
    expect(verdicts).toContain(
      'origin_requests_before_publication: oca 3 is not worse than the best other, varnish 2 (noise 1)',
    )
  })

  it('leave out what an edge did not do, and never call silence good', () => {
    const { figures, table } = peersResult(
      new Map([
        ['oca', rounds()],
        ['x', rounds({ waits: [[]], unheld: 3 })],
      ]),
      direct,
    )
    expect(figures).not.toHaveProperty('hold_added_ms_p50.x')
    expect(figures['unheld.x']).toBe(3)
    expect(table).toMatch(/\| x \| – \|/)
  })

  test('come out of a real origin and every real edge that is here', { timeout: 60_000 }, async () => {
    const told: string[] = []
    const all = await comparedEdges(line => told.push(line))
    for (const line of told) process.stderr.write(`NOT TESTED: ${line}\n`)
    const edges = all.filter(({ name }) => ['oca', 'nginx', 'varnish-tuned'].includes(name))
    const { figures } = await benchPeers({
      edges,
      heldRounds: 1,
      pollRounds: 1,
      faultRounds: 1,
      holders: 5,
      pollers: 5,
      waiters: 5,
    })
    for (const { name } of edges) {
      expect(figures[`origin_requests_before_publication.${name}`]).toBeGreaterThan(0)
      expect(figures[`origin_requests_on_leader_fault.${name}`]).toBeGreaterThanOrEqual(1)
      expect(figures).toMatchObject({ [`unheld.${name}`]: 0 })
    }
    expect(figures).toMatchObject({ last_404_after_publication_ms: 0, 'failed_on_leader_fault.oca': 0 })
    expect(figures.origin_requests_on_leader_fault).toBe(2)
    expect(figures.origin_requests_before_publication).toBeLessThanOrEqual(2)
  })
})

describe('the comparison of the preset with nginx', () => {
  const measure: Measure = { name: 'm', unit: '', floor: 2, of: (_: Variant) => 0 }
  it.each<[number[], number[], boolean]>([
    [[100, 101], [120, 121], true],
    [[100, 101], [108, 109], false], // less than a tenth
    [[100, 101], [110, 140], false], // less than two runs of nginx differ
    [[1, 1], [2, 2], false], // less than a request or two
  ])('preset %j against nginx %j differs: %s', (preset, real, differs) => {
    expect(compare(measure, preset, real).differs).toBe(differs)
  })
})

test('a table goes between its marks, and nowhere else', () => {
  const page = 'a\n<!-- t: written by its command -->\nold\n<!-- end of t -->\nb\n'
  const written = 'a\n<!-- t: written by its command -->\nnew\n<!-- end of t -->\nb\n'
  expect(withSection(page, 't', 'new')).toBe(written)
  expect(withSection(written, 't', 'new')).toBe(written)
  expect(() => withSection('', 't', 'new')).toThrow("no section 't'")
})
