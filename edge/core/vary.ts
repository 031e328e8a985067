// Which stored answer a request selects (RFC 9111, 4.1): by the values of the fields that `Vary` names, normalised as far
// as that changes no meaning.

type Fields = Readonly<Record<string, string>>

/** The names in `Vary`; undefined for `*`. */
export function varyOf(headers: Fields): readonly string[] | undefined {
  const names = (headers.vary ?? '')
    .toLowerCase()
    .split(',')
    .map(name => name.trim())
    .filter(name => name !== '')
  return names.includes('*') ? undefined : [...new Set(names)].sort()
}

/** The value by which a request selects among answers that vary by `names`. */
export const selectedBy = (names: readonly string[], headers: Fields): string =>
  names.map(name => `${name}=${normalised(name, headers[name] ?? '')}`).join('\n')

/** Fields whose values mean the same in any case: language tags (RFC 9110, 8.5.1) and codings (8.4.1). */
const inAnyCase: ReadonlySet<string> = new Set(['accept-language', 'accept-encoding', 'accept-charset'])

/** Space around the members of a list means nothing (RFC 9110, 5.6.1); within quotes it does. */
function normalised(name: string, value: string): string {
  const spaced = value
    .split(/("(?:[^"\\]|\\.)*")/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(/\s*([,;])\s*/g, '$1').replace(/\s+/g, ' ')))
    .join('')
    .trim()
  return inAnyCase.has(name) ? spaced.toLowerCase() : spaced
}
