import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * Where software that was fetched or built is kept between runs, outside the repository: `TIDEGATE_SERVICES_CACHE`, or
 * `tidegate/services` in the user's cache folder (XDG). It may be deleted at any time when no service runs.
 */
export const cacheFolder = (environment: NodeJS.ProcessEnv = process.env): string =>
  environment.TIDEGATE_SERVICES_CACHE ??
  join(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tidegate', 'services')
