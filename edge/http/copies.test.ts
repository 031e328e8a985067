import { describe, expect, it } from 'vitest'
import { Copies, type Copy, type CopyReader } from './copies.ts'

const answer = { status: 503, reason: 'shared-failure' } as const

/** A reader that notes what it is told. */
class Noting implements CopyReader {
  readonly told: string[] = []
  advance(): void {
    this.told.push('advance')
  }
  broken(by: Copy | undefined): void {
    this.told.push(`broken by ${by?.id}`)
  }
}

/** All bytes from `from`, in pieces of at most `mostBytes`. */
function readAll(copy: Copy, from: number, mostBytes: number): string {
  let text = ''
  for (let at = from; ; ) {
    const piece = copy.piece(at, mostBytes)
    if (!piece) return text
    expect(piece.length).toBeLessThanOrEqual(mostBytes)
    text += piece.toString()
    at += piece.length
  }
}

describe('Copy', () => {
  it.each([false, true])('gives its bytes from any offset in pieces of any size (whole: %s)', whole => {
    const copy = new Copies().open(1)
    for (const piece of ['ab', 'c', '', 'defg', 'h']) copy.append(Buffer.from(piece))
    if (whole) copy.complete()
    for (let from = 0; from <= 8; from++) {
      for (const most of [1, 2, 3, 100]) expect(readAll(copy, from, most)).toBe('abcdefgh'.slice(from))
    }
  })

  it('tells its readers of bytes, of its end and of its breaking', () => {
    const copies = new Copies()
    const [copy, by] = [copies.open(1), copies.open(2)]
    const reader = new Noting()
    copy.readers.add(reader)
    copy.append(Buffer.from('a'))
    expect(reader.told).toEqual([])
    copy.advanceReaders()
    copy.break(by, answer)
    expect(reader.told).toEqual(['advance', 'broken by 2'])
    expect(copy.readers.size).toBe(0)
    const other = new Noting()
    by.readers.add(other)
    by.complete()
    expect(other.told).toEqual(['advance'])
  })

  it('says when a body grows too large', () => {
    const copy = new Copies().open(1)
    expect(copy.hasRoomFor(32 * 1024 * 1024)).toBe(true)
    copy.append(Buffer.from('a'))
    expect(copy.hasRoomFor(32 * 1024 * 1024)).toBe(false)
  })
})

describe('Copies', () => {
  it('keeps a dropped copy for as long as somebody reads it', () => {
    const copies = new Copies()
    const copy = copies.open(1)
    const reader = new Noting()
    copy.readers.add(reader)
    copy.append(Buffer.from('abc'))
    copy.complete()
    copies.drop(1)
    expect(copies.stats()).toEqual({ copies: 1, dropped: 1, bytes: 3, readers: 1 })
    copy.readers.delete(reader)
    copies.release(copy)
    expect(copies.stats()).toEqual({ copies: 0, dropped: 0, bytes: 0, readers: 0 })
  })

  it('keeps a dropped copy that is still arriving until its end is known', () => {
    const copies = new Copies()
    const copy = copies.open(1)
    copies.drop(1)
    expect(copies.get(1)).toBe(copy)
    copy.complete()
    copies.release(copy)
    expect(copies.get(1)).toBeUndefined()
  })

  it('frees at once what is dropped and read by nobody', () => {
    const copies = new Copies()
    copies.open(1).complete()
    copies.drop(1)
    copies.drop(1)
    expect(copies.stats().copies).toBe(0)
  })
})
