import { baselineCommand, gateText, ignoreText, type Setting, scenarioText, workflowText } from './texts.ts'

// What `tidegate init` does in a repository, from what it finds there.

/** Where projects keep the configuration of their nginx, the likeliest first. */
export const nginxPlaces = [
  'nginx.conf',
  'nginx/nginx.conf',
  'conf/nginx.conf',
  'config/nginx.conf',
  'docker/nginx.conf',
  'docker/nginx/nginx.conf',
  'deploy/nginx.conf',
  'etc/nginx/nginx.conf',
  'nginx/default.conf',
  'conf.d/default.conf',
] as const

export interface PlannedFile {
  readonly path: string
  readonly text: string
}

/** The files to write. */
export const planFiles = (setting: Setting): PlannedFile[] => [
  { path: 'tidegate/live.yaml', text: scenarioText(setting) },
  { path: 'tidegate/gate.sh', text: gateText(setting) },
  { path: 'tidegate/.gitignore', text: ignoreText },
  { path: '.github/workflows/tidegate.yml', text: workflowText(setting) },
]

/** What the user does next, a line each. */
export function nextSteps(setting: Setting, isDependency: boolean): string[] {
  return [
    ...(isDependency ? [] : ['npm install --save-dev tidegate      # so that CI has it']),
    baselineCommand(setting),
    'sh tidegate/gate.sh                  # what CI will say',
    'git add tidegate .github && git commit',
  ]
}
