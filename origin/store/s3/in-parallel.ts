/** `each` of `items`, `width` of them at once; the results in the order of the items. Ends with the first that fails. */
export async function inParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  each: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results = new Array<Result>(items.length)
  const waiting = items.entries()
  const work = async () => {
    for (const [i, item] of waiting) results[i] = await each(item)
  }
  await Promise.all(Array.from({ length: width }, work))
  return results
}
