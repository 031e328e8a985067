import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// The package http-cache-tests 0.4.5, as far as it is used here. It has no types of its own.

export type Header = [name: string, value: unknown, ...rest: unknown[]]

interface SuiteRequest {
  readonly response_headers?: readonly Header[]
  readonly expected_type?: string
  readonly [field: string]: unknown
}

export interface SuiteTest {
  readonly id: string
  readonly name: string
  /** `required` (also when absent) and `optimal` can pass; `check` asks yes or no. */
  readonly kind?: 'required' | 'optimal' | 'check'
  readonly browser_only?: boolean
  readonly depends_on?: readonly string[]
  readonly requests: readonly SuiteRequest[]
}

export interface SuiteFile {
  readonly id: string
  readonly name: string
  readonly tests: readonly SuiteTest[]
}

/** True when it passed, else the kind of failure and its message. */
export type SuiteResult = true | [kind: string, message: string]

const packageFolder = join(import.meta.dirname, 'node_modules', 'http-cache-tests')
export const isInstalled = (): boolean => existsSync(packageFolder)

/** Imports a module of the package. */
export const importFromPackage = (file: string): Promise<Record<string, unknown>> =>
  import(pathToFileURL(join(packageFolder, file)).href)

/** Every file of tests that a shared cache is asked: 329 of the 334 tests, of which 243 can pass. */
export async function suiteFiles(): Promise<SuiteFile[]> {
  const index = (await importFromPackage('tests/index.mjs')).default as SuiteFile[]
  return index.map(file => ({ ...file, tests: file.tests.filter(test => !test.browser_only) }))
}

/** `files` with only the tests named; all of them when none is. */
export function onlyTests(files: readonly SuiteFile[], ids: readonly string[]): readonly SuiteFile[] {
  if (ids.length === 0) return files
  return files.map(file => ({ ...file, tests: file.tests.filter(test => ids.includes(test.id)) }))
}
