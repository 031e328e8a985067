import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { OriginCore, type originInputs } from '../../core/origin-core.ts'

// A decision log played into a new core: it must give the same answers (docs/processes.md, "Decision log").

/** Replays the log in `file` and gives the calls that it holds. */
export async function replay(file: string): Promise<readonly string[]> {
  const [head, ...lines] = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const core = new OriginCore(head.config)
  const calls = lines.filter(line => line.call !== undefined)
  for (const { call, with: given, gives } of calls) {
    const method = core[call as (typeof originInputs)[number]] as (...inputs: unknown[]) => unknown
    expect(JSON.parse(JSON.stringify(method.apply(core, given) ?? null)), call).toEqual(gives ?? null)
  }
  return calls.map(({ call }) => call)
}
