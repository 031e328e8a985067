import { Child, type ChildPlan } from './child.ts'
import type { ProcessSource } from './processes.ts'

// Processes whose life is over and that rest until somebody of their role and name is wanted again: their code is
// compiled, their heaps have grown.

export class WarmProcesses {
  readonly #resting = new Map<string, Child>()

  /** For a rehearsal: what it stops rests here. */
  readonly rehearsing: ProcessSource = { start: Child.start, release: child => this.#keep(child) }

  /** For what was rehearsed: who rests here begins again; who does not (a restarted process) begins anew. */
  readonly rehearsed: ProcessSource = {
    start: (plan, signal) => this.#start(plan, signal),
    release: child => child.stop(),
  }

  /** Ends those that nobody wanted. */
  async close(): Promise<void> {
    await Promise.all([...this.#resting.values()].map(child => child.stop()))
    this.#resting.clear()
  }

  async #keep(child: Child): Promise<void> {
    // Stopping a world asks for those twice that were stopped before.
    if (!child.alive) return
    await child.rest()
    this.#resting.set(keyOf(child), child)
  }

  async #start(plan: ChildPlan, signal: AbortSignal): Promise<Child> {
    const child = this.#resting.get(keyOf(plan))
    if (child === undefined) return Child.start(plan, signal)
    this.#resting.delete(keyOf(plan))
    await child.begin(plan, signal)
    return child
  }
}

const keyOf = ({ role, name }: Pick<ChildPlan, 'role' | 'name'>): string => `${role} ${name}`
