/** `cells` at the beginning of the larger array `into`. */
export function widened<Cells extends Float64Array | Int32Array>(cells: Cells, into: Cells): Cells {
  into.set(cells)
  return into
}
