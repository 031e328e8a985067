import { behaviours } from '../../live/behaviours.ts'
import type { Values } from '../storms.ts'

// What the free playground's controls say, as the fragment of the page's address: it can be kept and sent.

const head = '#play?'
const names = new Set(behaviours.map(({ name }) => name))

export function fragmentOf(values: Values): string {
  const fields = new URLSearchParams()
  const on = Object.entries(values).flatMap(([name, value]) => (value === true ? [name] : []))
  for (const [name, value] of Object.entries(values)) if (typeof value !== 'boolean') fields.set(name, String(value))
  fields.set('on', on.join('.'))
  return `${head}${fields.toString()}`
}

/** Undefined where the fragment is another one. What it says of controls that do not exist nobody reads. */
export function readFragment(fragment: string): Values | undefined {
  if (!fragment.startsWith(head)) return undefined
  const fields = new URLSearchParams(fragment.slice(head.length))
  const on = new Set((fields.get('on') ?? '').split('.'))
  const values: Record<string, number | string | boolean> = {}
  for (const [name, text] of fields) {
    if (name === 'on') continue
    values[name] = text !== '' && Number.isFinite(Number(text)) ? Number(text) : text
  }
  // Who says nothing of behaviours gets those of the preset.
  if (fields.has('on')) for (const name of names) values[name] = on.has(name)
  return values
}
