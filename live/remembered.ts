// Fields that stand on thousands of answers in the same words: read once, and remembered.

/** Distinct values at a time: a few events, a few states of each. */
const most = 256

/** `read` that remembers its results; what it gives is shared and must not be changed. All are forgotten at a limit. */
export function remembered<Value>(read: (field: string) => Value): (field: string) => Value {
  const known = new Map<string, Value>()
  return field => {
    const before = known.get(field)
    if (before !== undefined || known.has(field)) return before as Value
    const value = read(field)
    if (known.size >= most) known.clear()
    known.set(field, value)
    return value
  }
}
