import { existsSync, mkdtempSync, realpathSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { GateError } from '../../results/gate/outcome.ts'
import { HarnessError } from '../harness-error.ts'
import { finish } from './command.ts'
import type { Installed } from './side.ts'

// A git ref as a checkout of its own, installed and ready to run, beside the one that is worked in.

const gitWithinMs = 60_000
const installWithinMs = 10 * 60_000

export interface Worktree extends AsyncDisposable {
  /** The Tidegate of that checkout: its own where it is a clone, else the one that it depends on. */
  readonly tidegate: Installed
}

/** The commit that `text` names in the repository of `cwd`; undefined where it names none, or there is no repository. */
export async function commitNamed(text: string, cwd: string, signal: AbortSignal): Promise<string | undefined> {
  // No ref has a space or begins with a hyphen (git check-ref-format): then it is a command.
  if (/\s|^-/.test(text)) return undefined
  const args = ['rev-parse', '--verify', '--quiet', `${text}^{commit}`]
  const { code, stdout } = await finish({ command: 'git', args, cwd, signal, withinMs: gitWithinMs })
  return code === 0 ? stdout.trim() : undefined
}

/** Makes a worktree of `commit` and installs it. Dispose of it in the end. Throws HarnessError or GateError. */
export async function worktreeOf(commit: string, cwd: string, signal: AbortSignal): Promise<Worktree> {
  const root = (await git(['rev-parse', '--show-toplevel'], cwd, signal)).trim()
  const folder = join(mkdtempSync(join(tmpdir(), 'tidegate-against-')), 'checkout')
  const remove = async () => {
    // Also after an abort, and where only half of it was made.
    const args = ['worktree', 'remove', '--force', folder]
    await finish({ command: 'git', args, cwd: root, signal: new AbortController().signal, withinMs: gitWithinMs })
    await rm(join(folder, '..'), { recursive: true, force: true })
  }
  try {
    await git(['worktree', 'add', '--detach', folder, commit], root, signal)
    await install(folder, signal)
    const tidegate = installedIn(folder, join(folder, relative(realpathSync(root), realpathSync(cwd))), commit)
    return { tidegate, [Symbol.asyncDispose]: remove }
  } catch (error) {
    await remove()
    throw error
  }
}

async function git(args: readonly string[], cwd: string, signal: AbortSignal): Promise<string> {
  const { code, stdout, lastWords } = await finish({ command: 'git', args, cwd, signal, withinMs: gitWithinMs })
  if (code !== 0) throw new HarnessError(`git ${args.join(' ')} failed: ${lastWords}`)
  return stdout
}

/** With the checkout's own way to install, where it is a clone of ours; else with npm, as its lock says. */
async function install(folder: string, signal: AbortSignal): Promise<void> {
  const own = join('scripts', 'install-locked.mjs')
  const has = (file: string) => existsSync(join(folder, file))
  const [command, args] = has(own)
    ? [process.execPath, [own]]
    : ['npm', [has('package-lock.json') ? 'ci' : 'install', '--no-audit', '--no-fund', '--loglevel=error']]
  const { code, lastWords } = await finish({ command, args, cwd: folder, signal, withinMs: installWithinMs })
  if (code !== 0) throw new HarnessError(`${[command, ...args].join(' ')} failed in ${folder}: ${lastWords}`)
}

function installedIn(folder: string, cwd: string, commit: string): Installed {
  const clone = join(folder, 'cli', 'tidegate.mjs')
  const dependency = join(folder, 'node_modules', 'tidegate', 'cli', 'tidegate.mjs')
  const found = [clone, dependency].find(existsSync)
  if (found === undefined) {
    throw new GateError(`commit ${commit.slice(0, 12)} neither is Tidegate nor depends on it: give --against a command`)
  }
  return { command: process.execPath, args: [found], cwd }
}
