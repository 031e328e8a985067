// What a client reads of the bytes that a server sent: answers one after the other, by the letter of RFC 9112.

export interface Answer {
  readonly status: number
  readonly fields: Readonly<Record<string, string>>
  readonly body: string
}

export interface ReadAnswers {
  readonly answers: readonly Answer[]
  /** What is behind the last whole answer: nothing, or the beginning of one. */
  readonly rest: string
}

/** Reads whole answers out of `received`; those at the indices in `heads` answer a HEAD and have no body. */
export function readAnswers(received: string, heads: readonly number[] = []): ReadAnswers {
  const answers: Answer[] = []
  let rest = received
  for (;;) {
    const read = readOne(rest, heads.includes(answers.length))
    if (!read) return { answers, rest }
    answers.push(read.answer)
    rest = rest.slice(read.bytes)
  }
}

function readOne(text: string, toHead: boolean): { answer: Answer; bytes: number } | undefined {
  const headEnd = text.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [line = '', ...lines] = text.slice(0, headEnd).split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(line)?.[1] ?? Number.NaN)
  const fields = Object.fromEntries(
    lines.map(field => {
      const colon = field.indexOf(':')
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()]
    }),
  )
  const from = headEnd + 4
  const bodyless = toHead || status < 200 || status === 204 || status === 304
  const body = bodyless ? { text: '', bytes: 0 } : readBody(text.slice(from), fields)
  return body && { answer: { status, fields, body: body.text }, bytes: from + body.bytes }
}

function readBody(text: string, fields: Readonly<Record<string, string>>): { text: string; bytes: number } | undefined {
  if (fields['transfer-encoding'] !== undefined) return readChunks(text)
  const bytes = Number(fields['content-length'])
  // Without a length only the connection's end would end it: no server here may answer so.
  return text.length >= bytes ? { text: text.slice(0, bytes), bytes } : undefined
}

function readChunks(text: string): { text: string; bytes: number } | undefined {
  let at = 0
  let body = ''
  for (;;) {
    const size = /^([0-9a-f]+)\r\n/i.exec(text.slice(at, at + 20))
    if (!size) return undefined
    const [line, digits] = size as unknown as [string, string]
    const end = at + line.length + Number.parseInt(digits, 16)
    if (text.slice(end, end + 2) !== '\r\n') return undefined
    if (Number(`0x${digits}`) === 0) return { text: body, bytes: end + 2 }
    body += text.slice(at + line.length, end)
    at = end + 2
  }
}
