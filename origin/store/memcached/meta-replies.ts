import { limits } from '../../../live/limits.ts'

// Reads memcached's answers to meta commands (protocol.txt of memcached, "Meta Commands") out of a stream of bytes.
//
// | answer                          | means                                                        |
// |---------------------------------|--------------------------------------------------------------|
// | `VA LENGTH OOPAQUE`, bytes      | a value, to the `mg` of that opaque token                    |
// | `MN`                            | to `mn`: every command before it has been carried out        |
// | `SERVER_ERROR TEXT`             | one command could not be: out of memory, too large           |
// | `NS OOPAQUE`                    | one `ms` was not stored                                      |
// | `NF OOPAQUE`                    | one `md` found nothing, which some versions say in spite of `q` |
// Successful writes and misses are asked to be quiet (flag `q`). Anything else is not what we speak: an error.

/** What a stream of answers is told to. */
export interface ReplySink {
  /** A value comes; false: nobody wants it any more, its bytes are skipped. */
  wants(opaque: string): boolean
  value(opaque: string, bytes: Uint8Array): void
  /** One command was refused. */
  refused(text: string): void
  /** Every command up to the next `mn` has been carried out. */
  done(): void
}

/** The other side does not speak as it should: its connection is given up. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'
}

const lineFeed = 10
/** Behind every value: CR, LF. */
const trailerBytes = 2

interface Arriving {
  readonly opaque: string
  /** Undefined: skipped. */
  readonly bytes: Uint8Array | undefined
  readonly length: number
  /** Of the value and what stands behind it. */
  filled: number
}

export class MetaReplies {
  readonly #sink: ReplySink
  /** The beginning of a line whose end has not come. */
  #line = Buffer.alloc(0)
  #arriving: Arriving | undefined

  constructor(sink: ReplySink) {
    this.#sink = sink
  }

  /** Takes the next bytes of the stream. Throws ProtocolError. */
  push(data: Buffer): void {
    let at = 0
    while (at < data.length) at = this.#arriving ? this.#takeValue(this.#arriving, data, at) : this.#takeLine(data, at)
  }

  #takeValue(arriving: Arriving, data: Buffer, at: number): number {
    const { bytes, length, opaque } = arriving
    const end = Math.min(data.length, at + length + trailerBytes - arriving.filled)
    if (bytes && arriving.filled < length)
      bytes.set(data.subarray(at, Math.min(end, at + length - arriving.filled)), arriving.filled)
    arriving.filled += end - at
    if (arriving.filled === length + trailerBytes) {
      this.#arriving = undefined
      if (data[end - 1] !== lineFeed) throw new ProtocolError(`a value of ${length} bytes does not end after them`)
      if (bytes) this.#sink.value(opaque, bytes)
    }
    return end
  }

  #takeLine(data: Buffer, at: number): number {
    const feed = data.indexOf(lineFeed, at)
    const end = feed < 0 ? data.length : feed + 1
    if (this.#line.length + end - at > limits.memcachedLineBytes) {
      throw new ProtocolError(`a line of more than ${limits.memcachedLineBytes} bytes`)
    }
    const part = data.subarray(at, end)
    const line = this.#line.length === 0 ? part : Buffer.concat([this.#line, part])
    if (feed < 0) this.#line = Buffer.from(line)
    else {
      this.#line = Buffer.alloc(0)
      this.#takeAnswer(line.toString('latin1').trimEnd())
    }
    return end
  }

  #takeAnswer(line: string): void {
    const [code, ...words] = line.split(' ')
    if (code === 'VA') this.#startValue(line, words)
    else if (code === 'MN') this.#sink.done()
    else if (code === 'NF')
      return // Deleted already.
    else if (code === 'SERVER_ERROR' || code === 'NS') this.#sink.refused(line)
    else if (code === 'ERROR')
      throw new ProtocolError('it does not know meta commands: memcached 1.6 or later is needed')
    else throw new ProtocolError(`it answered ${JSON.stringify(line.slice(0, 80))}`)
  }

  #startValue(line: string, [lengthWord = '', ...flags]: readonly string[]): void {
    const length = /^\d{1,9}$/.test(lengthWord) ? Number(lengthWord) : Infinity
    if (length > limits.memcachedItemBytes) throw new ProtocolError(`a value of ${lengthWord} bytes`)
    const opaque = flags.find(flag => flag.startsWith('O'))?.slice(1)
    if (opaque === undefined) throw new ProtocolError(`a value without its token: ${JSON.stringify(line)}`)
    const bytes = this.#sink.wants(opaque) ? Buffer.allocUnsafeSlow(length) : undefined
    this.#arriving = { opaque, bytes, length, filled: 0 }
  }
}
