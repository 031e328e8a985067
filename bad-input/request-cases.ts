import type { RequestCase } from './request-case.ts'
import { fields } from './requests/fields.ts'
import { framing } from './requests/framing.ts'
import { ranges } from './requests/ranges.ts'
import { requestLines } from './requests/request-lines.ts'

/** Every request that a listener must survive, in the spirit of llhttp's own tests. */
export const requestCases: readonly RequestCase[] = [...requestLines, ...fields, ...ranges, ...framing]
