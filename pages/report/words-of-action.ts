/** `kill-edge a1`: an action and what it was done to. */
export function wordsOfAction(action: Readonly<Record<string, unknown>>): string {
  const object = ['edge', 'pipeline', 'region', 'node'].map(name => action[name]).filter(value => value !== undefined)
  return [String(action.do), ...object.map(String), ...(action.skipped === undefined ? [] : ['(skipped)'])].join(' ')
}
