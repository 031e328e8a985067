import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// Stands for a Tidegate whose runs take a moment: a script that prints a record, told by its arguments.

/** Prints the record in `record.json` beside it; the first argument may be an exit code, `hang`, `nothing` or a figure. */
const script = `
import { readFileSync, writeFileSync } from 'node:fs'
const record = JSON.parse(readFileSync(new URL('../record.json', import.meta.url), 'utf8'))
const [how] = process.argv.slice(2)
if (how === 'hang') setInterval(() => {}, 1000)
else if (how === 'file') writeFileSync(process.env.TIDEGATE_RECORD, JSON.stringify(record))
else if (how !== 'nothing') process.stdout.write(JSON.stringify(how === 'partial' ? { ...record, partial: true } : record))
if (/^[0-9]+$/.test(how)) { process.stderr.write('what went wrong\\n'); process.exitCode = Number(how) }
`

/** A checkout with such a Tidegate in it. */
export function stubCheckout(record: object): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-stub-'))
  mkdirSync(join(folder, 'cli'))
  mkdirSync(join(folder, 'scripts'))
  writeFileSync(join(folder, 'cli', 'tidegate.mjs'), script)
  writeFileSync(
    join(folder, 'scripts', 'install-locked.mjs'),
    "await import('node:fs').then(fs => fs.writeFileSync('installed', ''))",
  )
  writeFileSync(join(folder, 'record.json'), JSON.stringify(record))
  return folder
}

export const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
    cwd,
    encoding: 'utf8',
  }).trim()

/** Commits everything in `folder`, which becomes a repository when it is none; gives the commit. */
export function commitAll(folder: string): string {
  git(folder, 'init', '-q', '-b', 'main')
  git(folder, 'add', '-A')
  git(folder, 'commit', '-q', '-m', 'all of it')
  return git(folder, 'rev-parse', 'HEAD')
}
