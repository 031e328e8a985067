/** The C library of Linux puts 16 bytes in front of a large block, so that a row of whole lines would lie across one more. */
const bytesToNextLine = 48

/** Room for so many fractions, and whole numbers over the same bytes, that begins with a line of a processor's cache. */
export function alignedCells(fractions: number): { cells: Float64Array; words: Int32Array } {
  const buffer = new ArrayBuffer(bytesToNextLine + fractions * Float64Array.BYTES_PER_ELEMENT)
  return {
    cells: new Float64Array(buffer, bytesToNextLine, fractions),
    words: new Int32Array(buffer, bytesToNextLine, 2 * fractions),
  }
}
