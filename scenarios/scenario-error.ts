/** One thing that is wrong in a scenario file, and where. Lines and columns count from 1. */
export interface ScenarioProblem {
  readonly line: number
  readonly column: number
  /** What is wrong. */
  readonly wrong: string
  /** What would be right. */
  readonly right: string
}

/** A scenario that cannot be used: printed without a stack, exit code 2. */
export class ScenarioError extends Error {
  readonly file: string
  readonly problems: readonly ScenarioProblem[]

  constructor(file: string, problems: readonly ScenarioProblem[]) {
    super(problems.map(p => `${file}:${p.line}:${p.column}: ${p.wrong}; ${p.right}`).join('\n'))
    this.file = file
    this.problems = problems
  }
}
