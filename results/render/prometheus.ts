import { Gauge, Registry } from 'prom-client'
import { figureDefinitions } from '../figure-definitions.ts'
import type { Told } from './told.ts'

// Prometheus text, for a push gateway or a node exporter's folder: a gauge for each figure.

const prefix = 'tidegate_'

/** The whole text; what nobody emitted has no sample. */
export function renderPrometheus({ record, gate }: Told): Promise<string> {
  const registers = [new Registry()]
  const scenario = record.scenario.name
  const info = new Gauge({
    name: `${prefix}run_info`,
    help: 'The run that these figures are of; always 1.',
    labelNames: ['scenario', 'world', 'seed', 'commit'],
    registers,
  })
  info.set({ scenario, world: record.world, seed: String(record.seed), commit: record.commit }, 1)
  const partial = new Gauge({
    name: `${prefix}run_partial`,
    help: '1 where the run was ended before its time.',
    labelNames: ['scenario'],
    registers,
  })
  partial.set({ scenario }, Number(record.partial))
  figureGauges(record, registers)
  const checks = new Gauge({
    name: `${prefix}check_held`,
    help: '1 where a check of the scenario held.',
    labelNames: ['scenario', 'variant', 'figure', 'want'],
    registers,
  })
  for (const { name: variant, checks: all } of record.variants) {
    for (const { figure, want, outcome } of all)
      checks.set({ scenario, variant, figure, want }, Number(outcome === 'held'))
  }
  if (gate) {
    const held = new Gauge({
      name: `${prefix}gate_held`,
      help: '1 where the gate held.',
      labelNames: ['scenario'],
      registers,
    })
    held.set({ scenario }, Number(gate.outcome === 'held'))
  }
  return (registers[0] as Registry).metrics()
}

function figureGauges({ scenario, variants }: Told['record'], registers: Registry[]): void {
  for (const { name, unit, definition } of figureDefinitions) {
    const samples = variants.flatMap(({ name: variant, figures }) =>
      Object.entries(figures)
        .filter(([figure]) => figure.split('.', 1)[0] === name)
        .map(([figure, value]) => ({ variant, edge: figure.split('.')[1], value })),
    )
    if (samples.length === 0) continue
    const help = `${definition}${unit === '1' ? '' : ` Unit: ${unit}.`}`
    const labelNames = ['scenario', 'variant', ...(samples.some(({ edge }) => edge !== undefined) ? ['edge'] : [])]
    const gauge = new Gauge({ name: prefix + name, help, labelNames, registers })
    for (const { variant, edge, value } of samples) {
      gauge.set({ scenario: scenario.name, variant, ...(edge === undefined ? {} : { edge }) }, value)
    }
  }
}
