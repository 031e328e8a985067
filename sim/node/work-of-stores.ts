import { type Calibration, isEmbedded, type Work } from '../calibration.ts'
import { histogramValues } from './samples.ts'
import { partsOf, quantiles, type Seeing } from './seeing.ts'

/** The stores and caches that the run kept segments in: their own threads and disks pass beside the origin's work. */
export function storeWork(seeing: Seeing): Calibration['stores'] {
  const { least, otherwise } = seeing
  const timed = new Set(partsOf(seeing, 'origin').flatMap(({ histograms }) => Object.keys(histograms)))
  const waited = (name: string, what: 'read' | 'write', usual: Work): Work => {
    const values = histogramValues(seeing.run.parts, 'origin', `store.${name}.${what}_ms`)
    // What goes on in another process is not simulated: all that it takes is its own.
    const besideMs = quantiles(seeing, `${name} ${what}`, values, usual.besideMs, {
      least: isEmbedded(name) ? least.seldom : 1,
    })
    return { ...usual, cpuMs: 0, cpuMsPerMib: 0, besideMs }
  }
  const names = Object.keys(otherwise.stores).filter(name => timed.has(`store.${name}.write_ms`))
  return Object.fromEntries(
    names.map(name => {
      const usual = otherwise.stores[name] as NonNullable<Calibration['stores'][string]>
      return [name, { read: waited(name, 'read', usual.read), write: waited(name, 'write', usual.write) }]
    }),
  )
}
