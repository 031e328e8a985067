import { CommanderError } from 'commander'
import { HarnessError } from '../lab/harness-error.ts'
import { StoreError } from '../origin/store/segment-store.ts'
import { ConfigurationError } from '../process/configuration.ts'
import { ExplainError } from '../results/explain/explain-error.ts'
import { GateError } from '../results/gate/outcome.ts'
import { MergeError } from '../results/record/merge.ts'
import { RecordError } from '../results/record/read.ts'
import { ScenarioError } from '../scenarios/scenario-error.ts'
import { CalibrationError } from '../sim/calibration.ts'
import { ActionError } from '../sim/exact/actions.ts'
import { MemoryError } from '../sim/memory.ts'
import { PlanError } from '../sim/plan/plan-error.ts'

// How the command ends. A mistake of the user's is told in a line, without a stack.

export const exitCodes = {
  held: 0,
  /** The harness failed, or was ended before its time: nothing is said about the figures. */
  harnessFailed: 1,
  /** A bad scenario, configuration or command line. */
  badInput: 2,
  /** A check or gate did not hold. */
  checkFailed: 3,
} as const

const userMistakes = [
  ScenarioError,
  ConfigurationError,
  MergeError,
  ExplainError,
  RecordError,
  GateError,
  CalibrationError,
  MemoryError,
  ActionError,
  PlanError,
]

/** A store that holds something else than what was asked for. */
const isOtherSchema = (error: unknown): boolean => error instanceof StoreError && error.fault === 'schema'

/** Tells what happened on standard error and gives the exit code. */
export function tellError(error: unknown): number {
  // Commander has told its own already; asking for help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.held : exitCodes.badInput
  if (userMistakes.some(mistake => error instanceof mistake) || isOtherSchema(error)) {
    process.stderr.write(`tidegate: ${(error as Error).message}\n`)
    return exitCodes.badInput
  }
  if (error instanceof HarnessError || error instanceof StoreError) {
    process.stderr.write(`tidegate: ${error.message}\n`)
    return exitCodes.harnessFailed
  }
  process.stderr.write(`tidegate: ${error instanceof Error ? error.stack : String(error)}\n`)
  return exitCodes.harnessFailed
}
