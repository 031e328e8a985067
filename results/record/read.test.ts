import { expect, test } from 'vitest'
import { recordOf, threePolicies } from '../record.fixture.ts'
import { parseRecord, RecordError } from './read.ts'

const record = recordOf(threePolicies())
const text = JSON.stringify(record)

test('a record is read as it is', () => {
  expect(parseRecord(text, 'r.json')).toEqual(record)
})

test.each<[string, string, RegExp]>([
  [
    'a later version',
    text.replace('tidegate-record/1', 'tidegate-record/2'),
    /has the schema tidegate-record\/2, and this Tidegate reads tidegate-record\/1: read it with the version that wrote it/,
  ],
  ['one that is cut', text.slice(0, 900), /^r\.json ends in the middle after 900 characters: it was truncated/],
  ['an empty file', ' \n', /^r\.json is empty, no record/],
  ['no JSON', 'hello', /^r\.json is no record and no JSON: /],
  ['another JSON', '[1,2]', /^r\.json is no record \(tidegate-record\/1\): it names no schema/],
  ['null', 'null', /names no schema/],
  ['another schema', '{"schema":"junit"}', /its schema is "junit"/],
  ['a part', JSON.stringify(record.variants[0]?.parts[0]), /is one process's part of a record/],
  ['one changed by hand', text.replace('"seed":65', '"seed":"65"'), /and is not: seed: .* Run the scenario again$/],
])('%s is told as what it is', (_, given, message) => {
  expect(() => parseRecord(given, 'r.json')).toThrow(RecordError)
  expect(() => parseRecord(given, 'r.json')).toThrow(message)
})
