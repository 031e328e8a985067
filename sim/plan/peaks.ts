// The largest and the mean value of a series second by second.

export interface Peak {
  readonly peak: number
  readonly atSecond: number
}

/** The largest value of `values` between two seconds, and where it is. */
export function peakOf(values: Float64Array, from = 0, to = values.length): Peak {
  let atSecond = from
  for (let second = from; second < to; second++)
    if ((values[second] as number) > (values[atSecond] as number)) atSecond = second
  return { peak: values[atSecond] ?? 0, atSecond }
}

export const meanOf = (values: Float64Array, from = 0, to = values.length): number => {
  let sum = 0
  for (let second = from; second < to; second++) sum += values[second] as number
  return to > from ? sum / (to - from) : 0
}
