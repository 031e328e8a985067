import { stringify } from 'csv-stringify/sync'
import type { PlanRecord } from '../plan/plan-record.ts'
import { largest, type SweepPoint, swept } from '../plan/sweep.ts'

// A plan as CSV, for spreadsheets.

/** A row for each figure. */
export const planCsv = ({ figures }: PlanRecord): string =>
  stringify(
    figures.map(
      ({
        name,
        tier,
        region = '',
        what,
        unit,
        peak,
        peakAtSecond,
        low,
        high,
        band,
        mean,
        capacity,
        use,
        viewersAtCapacity,
      }) => ({
        name,
        tier,
        region,
        what,
        unit,
        peak,
        peak_at_second: peakAtSecond,
        low,
        high,
        band,
        mean,
        capacity,
        use,
        viewers_at_capacity: viewersAtCapacity,
      }),
    ),
    { header: true },
  )

/** A row for each step. */
export const sweepCsv = (name: string, points: readonly SweepPoint[]): string =>
  stringify(
    points.map(({ value, figures }) => ({
      [name]: value,
      ...Object.fromEntries(swept.map(([figure]) => [figure, largest(figures, figure)?.peak])),
    })),
    { header: true },
  )
