// What a program may use of Tidegate besides the command: records are read, held against a baseline and shown side by
// side. Everything is typed and pure but `runScenario`, which starts processes.

export { presetNames } from './lab/policies.ts'
export { type RunOptions, type RunOutcome, runScenario } from './lab/run.ts'
export { sideBySide } from './results/compare/side-by-side.ts'
export { type FigureDefinition, figureDefinitions } from './results/figure-definitions.ts'
export { type Baseline, baselineOf, baselineSchema } from './results/gate/baseline.ts'
export { type GateInput, type GateResult, holdGate, type Measurement } from './results/gate/gate.ts'
export { type HistoryLine, parseHistory } from './results/gate/history.ts'
export { figuresByVariant, type Pair } from './results/gate/in-pairs.ts'
export { type FigureComparison, GateError, type Outcome } from './results/gate/outcome.ts'
export { parseRecord, RecordError } from './results/record/read.ts'
export { type RunRecord, recordSchema, type Variant } from './results/record/record.ts'
export { outputs } from './results/render/outputs.ts'
export { loadScenario, parseScenario } from './scenarios/load.ts'
export { type Scenario, scenarioSchema } from './scenarios/schema.ts'
