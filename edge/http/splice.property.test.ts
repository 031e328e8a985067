import fc from 'fast-check'
import { expect, it } from 'vitest'
import { control, edgeOf, keptFields, segmentOf, TestOrigin } from './testing/one-edge.ts'
import { RawClient } from './testing/raw-client.ts'
import { answerHead, type ScriptedRequest } from './testing/scripted-upstream.ts'

// Invariant 3 over real sockets: whatever an origin does to its answers, no byte of one body is served as another's, and
// no torn body looks whole. Every body that the origin gives is one letter throughout, and its ETag names the letter.

const bodyBytes = 5_000

/** What the origin does with one request. */
const deedSchema = fc.record({
  /** Another body than before. */
  changes: fc.boolean(),
  /** After how many bytes of the body the connection breaks; undefined: not at all. */
  breaksAfter: fc.option(fc.nat(bodyBytes - 1), { nil: undefined }),
  heedsRange: fc.boolean(),
  answers: fc.constantFrom('body', 'body', 'body', '404', 'nothing'),
})
type Deed = typeof deedSchema extends fc.Arbitrary<infer Value> ? Value : never

const asker = fc.record({ range: fc.option(fc.nat(bodyBytes - 1), { nil: undefined }), leaves: fc.boolean() })

/** An origin that carries out deeds, one for each request, and keeps to the last one. */
function misbehave(deeds: readonly Deed[]): (request: ScriptedRequest) => void {
  let turn = 0
  let letter = 0
  return request => {
    const deed = deeds[Math.min(turn++, deeds.length - 1)] as Deed
    if (deed.changes) letter++
    if (deed.answers === 'nothing') request.socket.destroy()
    else if (deed.answers === '404') request.say(answerHead(404, { 'content-length': 0, 'live-version': '1' }))
    else giveBody(request, deed, String.fromCharCode(97 + (letter % 26)))
  }
}

function giveBody({ fields, say, socket }: ScriptedRequest, deed: Deed, letter: string): void {
  const etag = `"${letter}"`
  const from = deed.heedsRange && fields['if-range'] === etag ? Number(/\d+/.exec(fields.range ?? '0')?.[0]) : 0
  const whole = keptFields(bodyBytes - from, etag)
  const range = { ...whole, 'content-range': `bytes ${from}-${bodyBytes - 1}/${bodyBytes}` }
  say(from > 0 ? answerHead(206, range) : answerHead(200, whole))
  say(letter.repeat(Math.min(deed.breaksAfter ?? Infinity, bodyBytes - from)))
  if (deed.breaksAfter !== undefined) socket.end()
}

/** Fails when what a client received is more than one body, or claims to be whole and is not. */
function check(answer: string, range: number | undefined): void {
  if (answer === '') return
  const [head, body] = answer.split('\r\n\r\n', 2) as [string, string]
  const status = Number(head.slice(9, 12))
  if (status !== 200 && status !== 206) return
  const etag = /etag: "(.)"/i.exec(head)?.[1] as string
  expect(body).toMatch(new RegExp(`^${etag}*$`))
  const length = Number(/content-length: (\d+)/i.exec(head)?.[1])
  expect(length).toBe(bodyBytes - (status === 206 ? (range as number) : 0))
  expect(body.length).toBeLessThanOrEqual(length)
}

it('never splices bodies, never lets a torn one look whole, and forgets what is over', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(deedSchema, { minLength: 1, maxLength: 6 }),
      fc.array(fc.array(asker, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 3 }),
      async (deeds, waves) => {
        const origin = await TestOrigin.start(undefined, misbehave(deeds))
        const edge = await edgeOf(origin)
        try {
          for (const wave of waves) {
            const path = segmentOf(origin.event)
            await Promise.all(
              wave.map(async ({ range, leaves }) => {
                const fields: Record<string, string> = range === undefined ? {} : { range: `bytes=${range}-` }
                const client = await RawClient.get(edge.url, path, { connection: 'close', ...fields })
                if (leaves) client.socket.destroy()
                check(await client.end(), range)
              }),
            )
          }
          const state = (await control(edge, 'GET /state')).json as {
            core: { copies: number; waiting: number; fetches: number }
            copies: { copies: number; dropped: number; readers: number }
            waiting: number
          }
          expect(state.waiting).toBe(state.core.waiting)
          if (state.core.fetches > 0) return
          expect(state).toMatchObject({ waiting: 0, copies: { dropped: 0, readers: 0, copies: state.core.copies } })
        } finally {
          await origin.upstream.close()
          await edge.close()
        }
      },
    ),
    { numRuns: 60 },
  )
})
