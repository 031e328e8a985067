/** A plan that cannot be made: told in a line each, without a stack, exit code 2. */
export class PlanError extends Error {
  readonly problems: readonly string[]

  /** Each problem says what is wrong and what would be right. */
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
