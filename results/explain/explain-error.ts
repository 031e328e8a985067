/** What was asked cannot be explained from what there is: printed without a stack. */
export class ExplainError extends Error {}
