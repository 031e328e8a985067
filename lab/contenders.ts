import { checkOwnership, type EdgeChoice, parseEdgeChoice } from '../edge/peers/edge-choice.ts'
import { checkPeerConfig, findPeer, PeerError, type PeerName, type PeerVariant } from '../edge/peers/peer.ts'
import { ConfigurationError } from '../process/configuration.ts'
import { HarnessError } from './harness-error.ts'
import { type NamedPolicy, parsePolicy } from './policies.ts'

// Who stands in a scenario's edges, one variant after the other: our edge under a policy, another cache, or an edge
// that runs already.

export type Contender = {
  /** The variant's name: a policy as it was asked for, or `edge:` and the choice, so that the two never collide. */
  readonly name: string
  /** The name as a folder's. */
  readonly folder: string
} & (
  | { readonly is: 'policy'; readonly policy: NamedPolicy }
  | ({ readonly is: 'peer'; readonly kind: PeerName; readonly version: string } & PeerSource)
  | { readonly is: 'url'; readonly url: string }
)

/** Several at once, each in sites of its own, over the same origins. */
export interface SideBySide {
  readonly is: 'side-by-side'
  readonly name: string
  readonly folder: string
  readonly bySite: ReadonlyMap<string, Contender>
}

type PeerSource =
  | { readonly variant: PeerVariant; readonly configFile?: undefined }
  | { readonly configFile: string; readonly variant?: undefined }

export interface Contest {
  readonly policies: readonly string[]
  /** As `--edge` has them. */
  readonly edges: readonly string[]
  /** Whether the user said that a URL beyond this machine is theirs. */
  readonly ownsTarget: boolean
}

type Unnamed<Kind> = Kind extends Contender ? Omit<Kind, 'name' | 'folder'> : never
type Found = {
  readonly title: string
  /** What had to be changed in a configuration so that it can stand in a scenario. */
  readonly changes?: readonly string[]
} & Unnamed<Contender>

/**
 * Everybody of `contest` that can run here, in its order, a line for each that is not installed, and what had to be
 * changed in configurations of the user's. What is named
 * twice is run twice (`edge:nginx`, `edge:nginx (2)`). Throws ConfigurationError for what does not exist or may not be,
 * and HarnessError when nobody is left.
 */
export async function contendersOf(
  contest: Contest,
  find: typeof findPeer = findPeer,
): Promise<{ contenders: Contender[]; absent: string[]; changes: string[] }> {
  const found: Found[] = contest.policies.map(ours)
  const absent: string[] = []
  const choices = asUsage(() => contest.edges.map(text => choiceOf(text, contest.ownsTarget)))
  for (const choice of choices) {
    const one = await contenderOf(choice, find)
    if (typeof one === 'string') absent.push(one)
    else found.push(one)
  }
  if (found.length === 0) throw new HarnessError(`there is no edge to run: ${absent.join('; ') || 'none was named'}`)
  const changes = found.flatMap(({ title, changes }) => (changes ?? []).map(change => `in ${title}, ${change}`))
  return { contenders: named(found), absent, changes }
}

const ours = (policy: string): Found => ({ title: policy, is: 'policy', policy: parsePolicy(policy) })

function choiceOf(text: string, ownsTarget: boolean): EdgeChoice {
  const choice = parseEdgeChoice(text)
  checkOwnership(choice, ownsTarget)
  return choice
}

/** The contender, or a line that says what is not installed. */
async function contenderOf(choice: EdgeChoice, find: typeof findPeer): Promise<Found | string> {
  if (choice.type === 'oca') return ours('oca')
  const title = `edge:${choice.label}`
  if (choice.type === 'url') return { title, is: 'url', url: choice.url }
  const peer = await find(choice.kind)
  if ('absent' in peer) return `${title} is left out: ${peer.absent}`
  const common = { title, is: 'peer', kind: choice.kind, version: peer.version } as const
  if (choice.type === 'peer') return { ...common, variant: choice.variant }
  try {
    const changes = await checkPeerConfig(choice.kind, choice.configFile)
    return { ...common, configFile: choice.configFile, changes }
  } catch (error) {
    throw usage(error)
  }
}

function asUsage<Value>(make: () => Value): Value {
  try {
    return make()
  } catch (error) {
    throw usage(error)
  }
}

/** What is wrong with a choice is the user's to mend: exit code 2. */
const usage = (error: unknown): unknown => (error instanceof PeerError ? new ConfigurationError(error.message) : error)

/** Gives every contender a name and a folder of its own. */
function named(found: readonly Found[]): Contender[] {
  const names = new Set<string>()
  const folders = new Set<string>()
  return found.map(({ title, changes: _, ...contender }) => {
    const name = unused(names, title, turn => `${title} (${turn})`)
    const plain = title.replaceAll(/[^A-Za-z0-9._+-]+/g, '-')
    const folder = unused(folders, plain, turn => `${plain}-${turn}`)
    return { name, folder, ...contender } as Contender
  })
}

function unused(taken: Set<string>, wanted: string, next: (turn: number) => string): string {
  let name = wanted
  for (let turn = 2; taken.has(name); turn++) name = next(turn)
  taken.add(name)
  return name
}
