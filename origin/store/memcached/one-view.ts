/** `parts` as one view when they lie behind each other in the same memory, as what was read at once does. */
export function asOneView(parts: readonly Uint8Array[]): Uint8Array | undefined {
  const [first] = parts
  if (!first) return undefined
  let end = first.byteOffset
  for (const part of parts) {
    if (part.buffer !== first.buffer || part.byteOffset !== end) return undefined
    end += part.length
  }
  return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset)
}
