// Chromium for the browser tests and the pictures: started once, every page with its console listened to.
import { existsSync } from 'node:fs'
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core'

const places = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
]

/** Where Chromium is on this machine (`CHROMIUM_PATH` first); `undefined` where there is none. */
export function findChromium(): string | undefined {
  return [process.env['CHROMIUM_PATH'], ...places].find((place) => place !== undefined && existsSync(place))
}

/** Starts Chromium. Throws where the machine has none: ask `findChromium` first. */
export async function startChromium(): Promise<Browser> {
  const executablePath = findChromium()
  if (executablePath === undefined) throw new Error('There is no Chromium here. Set CHROMIUM_PATH.')
  return chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--no-first-run',
    ],
  })
}

export type Watched = {
  page: Page
  /** What the page complained about: console errors and uncaught exceptions. */
  complaints: string[]
  close: () => Promise<void>
}

/** A person's browser without motion, in UTC and English, as wide and as dark as asked. Its pages share a cache. */
export async function openContext(
  browser: Browser,
  options: { baseUrl: string; width?: number; height?: number; theme?: 'light' | 'dark' },
): Promise<BrowserContext> {
  const context = await browser.newContext({
    baseURL: options.baseUrl,
    viewport: { width: options.width ?? 1440, height: options.height ?? 900 },
    colorScheme: options.theme ?? 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
  })
  context.setDefaultTimeout(30_000)
  return context
}

/** A fresh page that is listened to. */
export async function openPage(context: BrowserContext): Promise<Watched> {
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  return { page, complaints, close: () => page.close() }
}
