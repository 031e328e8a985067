import { mergeParts } from './record/merge.ts'
import type { Part } from './record/part.ts'

// Shards and lives of one process as one part.

/** Parts joined by role and name, in the order of roles from origin to lab. */
export function mergeByProcess(parts: readonly Part[]): Part[] {
  const groups = new Map<string, Part[]>()
  for (const part of parts) {
    const key = `${roleOrder.indexOf(part.role)} ${part.name}`
    groups.set(key, [...(groups.get(key) ?? []), part])
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => mergeParts(group))
}

const roleOrder: readonly Part['role'][] = ['origin', 'pipeline', 'edge', 'fleet', 'lab']
