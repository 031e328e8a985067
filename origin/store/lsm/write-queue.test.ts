import { describe, expect, it } from 'vitest'
import { type Operation, WriteQueue } from './write-queue.ts'

const put = (key: string, bytes = 1): Operation[] => [{ type: 'put', key, value: new Uint8Array(bytes) }]
const del = (key: string): Operation[] => [{ type: 'del', key }]

/** A queue whose commits are ended by hand. */
function held() {
  const commits: { keys: string[]; sync: boolean; end(error?: Error): void }[] = []
  const queue = new WriteQueue(
    (operations, sync) =>
      new Promise((done, failed) => {
        commits.push({
          keys: operations.map(({ key }) => key),
          sync,
          end: error => (error ? failed(error) : done()),
        })
      }),
    100,
  )
  return { queue, commits, turn: () => new Promise(setImmediate) }
}

describe('writes into the tree', () => {
  it('go one at a time, and those that came meanwhile together', async () => {
    const { queue, commits, turn } = held()
    const first = queue.write(put('a'))
    await turn()
    const others = [queue.write(put('b')), queue.write(put('c'))]
    await turn()
    expect(commits.map(each => each.keys)).toEqual([['a']])
    commits[0]?.end()
    await first
    await turn()
    expect(commits[1]).toMatchObject({ keys: ['b', 'c'], sync: true })
    commits[1]?.end()
    await Promise.all(others)
    await queue.idle()
  })

  it('are no larger together than a group, and in their order', async () => {
    const { queue, commits, turn } = held()
    const all = [queue.write(put('a', 60)), queue.write(put('b', 60)), queue.write(put('c', 500))]
    for (let i = 0; i < 3; i++) {
      await turn()
      commits[i]?.end()
    }
    await Promise.all(all)
    expect(commits.map(each => each.keys)).toEqual([['a'], ['b'], ['c']])
  })

  it('take one delete along each, which alone is not synced', async () => {
    const { queue, commits, turn } = held()
    const all = [queue.write(put('a')), queue.writeBehind(del('x')), queue.writeBehind(del('y'))]
    await turn()
    commits[0]?.end()
    await turn()
    commits[1]?.end()
    await Promise.all(all)
    expect(commits).toMatchObject([
      { keys: ['a', 'x'], sync: true },
      { keys: ['y'], sync: false },
    ])
  })

  it('fail together, and the next ones are tried', async () => {
    const { queue, commits, turn } = held()
    const failing = Promise.allSettled([queue.write(put('a')), queue.writeBehind(del('x'))])
    await turn()
    const next = queue.write(put('b'))
    commits[0]?.end(new Error('the disk is gone'))
    expect((await failing).map(each => each.status)).toEqual(['rejected', 'rejected'])
    await turn()
    commits[1]?.end()
    await next
  })
})
