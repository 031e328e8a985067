// The files that `tidegate init` writes, as text. They are the user's from then on, so they say what they do.

/** What the files are about: which edge is under test, how Tidegate and the project's packages are installed. */
export interface Setting {
  /** The configuration of the nginx under test, relative to the repository; absent: our own edge is. */
  readonly nginxConf?: string | undefined
  /** `npm ci`, or `npm install` where there is no lock file. */
  readonly install: 'npm ci' | 'npm install'
}

/** The command that makes the first baseline. */
export const baselineCommand = (setting: Setting): string =>
  `npx tidegate baseline update --scenario tidegate/live.yaml ${edgeOption(setting)} --file tidegate/baseline.json --because "the first"`

/** As `tidegate run` has it. */
const edgeOption = ({ nginxConf }: Setting): string =>
  nginxConf === undefined ? '--policy oca' : `--edge ${shellWord(`nginx:${nginxConf}`)}`

/** `text` as one word of a shell. */
const shellWord = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

export const scenarioText = (
  setting: Setting,
): string => `# The storm that this repository's edge must stand. Every field: scenarios/schema.ts of Tidegate; try it with
#   npx tidegate run tidegate/live.yaml ${edgeOption(setting)}
name: live
shows: Forty players join a live event at one site of two edges.
seed: 1
durationMs: 8000

event:
  body: synthetic
  segmentMs: 1000
  publishDelayMs: 500
  longestHoldMs: 1500
  clockSlackMs: 1000
  renditions:
    - { name: v1, kind: video, bitsPerSecond: 800000 }
    - { name: a1, kind: audio, bitsPerSecond: 64000 }
  backlogSegments: 10

topology:
  sites:
    - { name: a, edges: 2 }

fleet:
  players: 40
  arrivals:
    - { is: ramp, fromMs: 0, toMs: 1000, share: 1 }

# What must hold whatever the baseline says. Figures: docs/figures.md of Tidegate.
checks:
  - { policy: "*", figure: wrong_bodies, equals: 0 }
  - { policy: "*", figure: player_5xx, equals: 0 }
`

export const gateText = (setting: Setting): string => `#!/bin/sh
# Runs the storm and holds it against tidegate/baseline.json. What stands behind it goes to 'tidegate gate':
#   sh tidegate/gate.sh --junit junit.xml --against origin/main
# Exit codes: 0 it held, 1 the harness failed, 2 bad scenario or usage, 3 it got worse. Any CI service can call this.
set -u
cd "$(dirname "$0")/.."
if [ ! -f tidegate/baseline.json ]; then
  cat >&2 <<'END'
tidegate: there is no tidegate/baseline.json yet; make it where CI runs, and commit it:
  ${baselineCommand(setting)}
END
  exit 2
fi
rm -rf tidegate/runs
npx tidegate run tidegate/live.yaml ${edgeOption(setting)} --out tidegate/runs --quiet
code=$?
# A check that failed (3) is told by the gate, too, with what else got worse.
if [ "$code" -ne 0 ] && [ "$code" -ne 3 ]; then exit "$code"; fi
npx tidegate gate tidegate/runs/*/record.json --baseline tidegate/baseline.json "$@"
`

export const workflowText = ({
  nginxConf,
  install,
}: Setting): string => `# Made by 'tidegate init'. Counts are compared with tidegate/baseline.json; on pull requests times are compared with the
# branch that they go to, in pairs measured on one machine.
name: tidegate
on:
  push:
    branches: [main]
  pull_request:
permissions:
  contents: read
jobs:
  gate:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    steps:
      - uses: actions/checkout@v4
        with:
          fetch-depth: 0 # times are compared with another commit
      - uses: actions/setup-node@v4
        with:
          node-version: 24
      - run: ${install}
${
  nginxConf === undefined
    ? ''
    : `      - name: nginx, for the lab to start
        run: sudo apt-get update -qq && sudo apt-get install -y -qq nginx-light && sudo systemctl stop nginx
`
}      - name: Counts
        run: sh tidegate/gate.sh --junit tidegate/junit.xml --markdown "$GITHUB_STEP_SUMMARY"
      - name: Times
        if: github.event_name == 'pull_request'
        run: sh tidegate/gate.sh --markdown "$GITHUB_STEP_SUMMARY" --against "origin/\${{ github.base_ref }}"
      - uses: actions/upload-artifact@v4
        if: always()
        with:
          name: tidegate
          path: |
            tidegate/junit.xml
            tidegate/runs
`

export const ignoreText = `runs/
junit.xml
`
