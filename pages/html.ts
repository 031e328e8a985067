import { escapeHtml } from '../results/render/html.ts'

// HTML as values: what is put into a template is escaped unless it is HTML itself, so that nothing of a record, which
// may come from anybody, can become markup.

export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
  toString(): string {
    return this.text
  }
}

type Part = string | number | Html | readonly Html[] | undefined

/** A template whose parts are escaped; parts that are HTML, or lists of it, are put in as they are. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.reduce((text, next, i) => text + rendered(parts[i - 1]) + next))
}

function rendered(part: Part): string {
  if (part === undefined) return ''
  if (part instanceof Html) return part.text
  return typeof part === 'object' ? part.map(({ text }) => text).join('') : escapeHtml(String(part))
}

/** JSON inside a script element: nothing in it can end the element or begin a comment. */
export const jsonForScript = (value: unknown): Html =>
  new Html(
    JSON.stringify(value).replace(/[<>&\u2028\u2029]/g, c => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  )

/** Code of our own inside a script element. */
export const scriptOf = (code: string): Html => new Html(code.replaceAll('</script', '<\\/script'))
