import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { z } from 'zod'
import { ConfigurationError } from './configuration-error.ts'
import { describeZodError } from './control.ts'

export { ConfigurationError } from './configuration-error.ts'

// How a process gets its configuration: one JSON or YAML file (`-` for standard input) that its schema checks. The
// lab writes such files; a person can write one too, or set the common fields by flags.

/** Fields that every process's configuration has. */
export const commonConfigShape = {
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,63}$/),
  host: z.string().default('127.0.0.1'),
  controlPort: z.number().int().min(0).max(65_535).default(0),
  /** Where Prometheus asks for `/metrics`, without a token; 0 for any free port; off when absent. */
  metricsPort: z.number().int().min(0).max(65_535).optional(),
  metricsHost: z.string().default('127.0.0.1'),
  /** Where to keep the decision log; none when absent. */
  decisionLog: z.string().optional(),
  decisionLogBytes: z.number().int().positive().optional(),
  /** Edge and origin: keep it only for as long as `POST /log` says. */
  decisionLogOnDemand: z.boolean().optional(),
  seed: z.number().int().default(1),
} as const

/** Reads and checks `file`; `overrides` (from flags) win over it, and it over `fallbacks`. Throws ConfigurationError. */
export function readConfiguration<Schema extends z.ZodType>(
  schema: Schema,
  file: string | undefined,
  overrides: object = {},
  fallbacks: object = {},
): z.infer<Schema> {
  let given: unknown = {}
  if (file !== undefined) {
    try {
      given = parse(readFileSync(file === '-' ? 0 : file, 'utf8'))
    } catch (error) {
      throw new ConfigurationError(`the configuration ${file} cannot be read: ${(error as Error).message}`)
    }
  }
  const result = schema.safeParse({ ...fallbacks, ...(given as object), ...overrides })
  if (!result.success)
    throw new ConfigurationError(
      `the configuration${file ? ` ${file}` : ''} is not right: ${describeZodError(result.error)}`,
    )
  return result.data
}

/** A secret from the environment; when it is not set, a fresh one, which is printed so that it can be used. */
export function secretFromEnvironment(variable: 'TIDEGATE_CONTROL_TOKEN' | 'TIDEGATE_PUBLISH_TOKEN'): string {
  const given = process.env[variable]
  if (given) return given
  const made = randomBytes(16).toString('hex')
  process.stderr.write(`tidegate: ${variable} is not set; using ${made}\n`)
  return made
}
