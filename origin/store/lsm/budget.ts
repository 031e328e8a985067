import type { Ms } from '../../../live/units.ts'
import { StoreError } from '../segment-store.ts'

/** `work`, or `unavailable` after `budgetMs`: the work then goes on, and whether it is done is not known. */
export async function within<T>(budgetMs: Ms, what: string, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    const inTime = () => reject(new StoreError('unavailable', `the disk did not end the ${what} within ${budgetMs} ms`))
    timer = setTimeout(inTime, budgetMs as number)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
