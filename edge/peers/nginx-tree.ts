import { NginxParser } from 'nginx-conf'
import { PeerError } from './peer-error.ts'

// An nginx configuration as a tree of directives, from text and back.

export interface Directive {
  readonly name: string
  readonly value: string
  /** Of the lines above it, without their `#`. */
  readonly comments: readonly string[]
  /** What stands between its braces; undefined for one that ends with a semicolon. */
  readonly block?: readonly Directive[] | undefined
  /** The text between its braces, where that is another language (Lua). */
  readonly verbatim?: string | undefined
}

/** The parser's own node, of which it exports no name. */
type ParsedNode = NonNullable<Parameters<NonNullable<Parameters<NginxParser['parse']>[1]>>[1]>

/** The directives in `text`. Throws PeerError that names `file` and the line. */
export function parseNginx(text: string, file: string): Directive[] {
  let tree: ParsedNode | undefined
  let failure: (Error & { readonly line?: number }) | undefined
  // The parser calls back before it returns.
  new NginxParser().parse(text, (error, parsed) => {
    failure = error ?? undefined
    tree = parsed
  })
  if (failure !== undefined || tree === undefined) {
    throw new PeerError(
      `${file}:${failure?.line ?? 1}: this is no nginx configuration: ${failure?.message ?? 'it is empty'}`,
    )
  }
  return (tree.children ?? []).map(directiveOf)
}

function directiveOf(node: ParsedNode): Directive {
  const { name, value, comments } = node
  if (node.isVerbatim) return { name, value: '', comments, verbatim: value }
  return { name, value, comments, block: node.isBlock ? (node.children ?? []).map(directiveOf) : undefined }
}

/** The text of `directives`, which nginx reads. */
export function printNginx(directives: readonly Directive[], indent = ''): string {
  return directives
    .map(({ name, value, comments, block, verbatim }) => {
      const head = `${indent}${name}${value === '' ? '' : ` ${value}`}`
      const above = comments.map(comment => `${indent}#${comment}\n`).join('')
      if (verbatim !== undefined) return `${above}${head} {${verbatim}}\n`
      if (block === undefined) return `${above}${head};\n`
      return `${above}${head} {\n${printNginx(block, `${indent}  `)}${indent}}\n`
    })
    .join('')
}

/** A directive without a block. */
export const simple = (name: string, value: string): Directive => ({ name, value, comments: [] })

/** Whether a directive of this name stands in `directives` at any depth. */
export const hasDeep = (directives: readonly Directive[], name: string): boolean =>
  directives.some(one => one.name === name || hasDeep(one.block ?? [], name))
