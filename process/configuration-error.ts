/** An error in what the user gave: printed without a stack, exit code 2. */
export class ConfigurationError extends Error {}
