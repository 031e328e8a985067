// temporary driver, not committed: real runs for V2/V3/V5 by seed
import { RealRuns } from './lab/validate/real-runs.ts'
import { scenariosHere } from './lab/validate/scenarios-here.ts'
import { presetStorms } from './lab/bench/preset-storms.ts'
import { Ground } from './lab/validate/ground.ts'
const folder = '/tmp/s3/records'
const runs = new RealRuns(folder)
const forMs = Number(process.argv[2]) * 1000
const began = Date.now()
const say = (l: string) => console.error(new Date().toISOString().slice(11,19), l)
await new Ground(folder).calibration(say)
const { scenarios } = await scenariosHere()
const order = ['kickoff','smoke','flush','late-publish','early-birds','cold-edge','designated-loss','bad-pipeline','dvr-storm','origin-crash','torn-upload','storage-stall','cache-loss','demo','origin-storm','node-loss','region-loss']
const sorted = order.map(n => scenarios.find(s => s.name === n)).filter(Boolean)
let made = 0
for (let i = 0; i < 5; i++) {
  const all = [...sorted.map(s => ({ scenario: { ...s!, seed: s!.seed + i } })), ...presetStorms().map(s => ({ scenario: { ...s, seed: s.seed + i }, edges: ['nginx'] }))]
  for (const one of all) {
    if (runs.has(one)) continue
    if (Date.now() - began > forMs) process.exit(1)
    const t = Date.now()
    try { await runs.of(one); made++; say(`seed ${i}: ${one.scenario.name} ${(one as any).edges ?? ''} ${((Date.now()-t)/1000).toFixed(0)} s`) }
    catch (e) { say(`FAILED seed ${i}: ${one.scenario.name}: ${(e as Error).message}`) }
  }
}
say('all there'); process.exit(made ? 1 : 0)
