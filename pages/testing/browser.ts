import { existsSync } from 'node:fs'
import { type Browser, chromium, type Page } from 'playwright-core'

// A real browser for the tests of pages: Debian's Chromium, which `.ci/run` installs.

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
const chromiumPath = process.env.TIDEGATE_CHROMIUM ?? places.find(existsSync)

/** Whether there is a browser; said loudly where there is none. */
export function hasBrowser(what: string): boolean {
  if (chromiumPath === undefined) {
    process.stderr.write(
      `\n${what.toUpperCase()} IS NOT TESTED IN A BROWSER: there is no Chromium (Debian: apt install chromium; elsewhere set TIDEGATE_CHROMIUM)\n\n`,
    )
  }
  return chromiumPath !== undefined
}

/** Starts the browser, which looks for nothing on the network by itself. */
export const openBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: chromiumPath as string,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
    ],
  })

/** Collects what a page complains of: errors on its console, exceptions, requests that failed. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = []
  page.on('console', message => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`)
  })
  page.on('pageerror', error => complaints.push(`exception: ${error.message}`))
  page.on('requestfailed', request => complaints.push(`request: ${request.url()}`))
  return complaints
}
