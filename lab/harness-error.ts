/** The harness failed, not what it measures: printed without a stack, exit code 1. */
export class HarnessError extends Error {}
