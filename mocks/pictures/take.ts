// `npm run pictures`: photographs the screens of the running product on the sample conversations, for the README.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Browser, chromium, type Page } from 'playwright-core'
import type { ClustersAnswer, InsightTraceRow } from '#/server/api/schemas/clusters.ts'
import type { InsightAnswer, ServiceAnswer } from '#/server/api/schemas/insights.ts'

const root = join(import.meta.dirname, '../..')
const patienceMs = 180_000

type Tour = { browser: Browser; url: string }

type Picture = { path: string; theme?: 'light' | 'dark'; height?: number; ready: (page: Page) => Promise<unknown> }

function findChromium(): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const names = ['chromium', 'chromium-browser', 'google-chrome']
  const places = [process.env['CHROMIUM_PATH'], ...names.flatMap((name) => folders.map((folder) => join(folder, name)))]
  const found = places.find((place) => place !== undefined && place !== '' && existsSync(place))
  if (found === undefined) throw new Error('The pictures need Chromium on the path, or its place in CHROMIUM_PATH.')
  return found
}

/** `npm start` without npm: the app built, then the service on a free port with nothing configured. */
async function startService(dataDir: string): Promise<{ url: string; stop: () => Promise<void> }> {
  await run(['node_modules/vite/bin/vite.js', 'build', 'ui', '--logLevel', 'warn'])
  const configured = ['MLFLOW_TRACKING_URI', 'DATABASE_URL', 'OPENAI_API_KEY', 'OPENAI_BASE_URL', 'HOST']
  const blank = Object.fromEntries(configured.map((name) => [name, '']))
  const service = spawn(process.execPath, [join(root, 'server/main.ts')], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...blank, PORT: '0', INSIGHTS_DATA_DIR: dataDir, LOG_LEVEL: 'warn' },
  })
  const ended = new Promise<void>((resolve) => {
    service.once('exit', () => resolve())
  })
  const stop = async (): Promise<void> => {
    service.kill('SIGTERM')
    await ended
  }
  const address = new Promise<string>((resolve) => {
    let said = ''
    service.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString()
      const url = /ready: (http:\S+)/.exec(said)?.[1]
      if (url !== undefined) resolve(url)
    })
  })
  const url = await Promise.race([address, ended, delay(patienceMs, undefined, { ref: false })])
  if (url === undefined) {
    await stop()
    throw new Error('The service did not start.')
  }
  return { url, stop }
}

async function run(command: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, command, { cwd: root, stdio: 'inherit' })
  const code = await new Promise<number | null>((resolve) => {
    child.once('exit', resolve)
  })
  if (code !== 0) throw new Error(`${command[0]} ended with code ${code}.`)
}

async function ask<T>(url: string, path: string): Promise<T> {
  const response = await fetch(`${url}/api/v1${path}`)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

async function waitForFirstInsight(
  url: string,
  experimentId: string,
  until: (insight: InsightAnswer) => boolean,
): Promise<InsightAnswer> {
  for (const end = Date.now() + patienceMs; Date.now() < end; await delay(150)) {
    const { items } = await ask<{ items: { id: string }[] }>(url, `/insights?experiment_id=${experimentId}`)
    if (items[0] === undefined) continue
    const insight = await ask<InsightAnswer>(url, `/insights/${items[0].id}`)
    if (insight.status === 'FAILED' || insight.status === 'KILLED')
      throw new Error(`The first Insight ended as ${insight.status}: ${insight.error?.detail ?? 'no reason given'}`)
    if (until(insight)) return insight
  }
  throw new Error('The first Insight was not there in time.')
}

/** The leaf cluster with the most traces among those whose name is short enough to read in a picture. */
function chooseCluster({ clusters }: ClustersAnswer): string {
  const leaves = clusters.flatMap(function down(cluster): ClustersAnswer['clusters'] {
    return cluster.children.length === 0 ? [cluster] : cluster.children.flatMap(down)
  })
  const readable = leaves.filter(({ title }) => title.includes(' ') && title.length <= 48)
  const [chosen] = (readable.length > 0 ? readable : leaves).toSorted((a, b) => b.size - a.size)
  if (chosen === undefined) throw new Error('The first Insight has no cluster to show.')
  return chosen.id
}

async function take({ browser, url }: Tour, name: string, picture: Picture): Promise<void> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: picture.height ?? 900 },
    colorScheme: picture.theme ?? 'light',
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    deviceScaleFactor: 1,
  })
  try {
    const page = await context.newPage()
    await page.goto(picture.path)
    await picture.ready(page)
    await page.evaluate(() => document.fonts.ready)
    await page.screenshot({ path: join(root, 'mocks', `${name}.png`), animations: 'disabled', caret: 'hide' })
    console.log(`mocks/${name}.png`)
  } finally {
    await context.close()
  }
}

async function tour(browser: Browser, url: string): Promise<void> {
  const { samples_experiment_id: experimentId } = await ask<ServiceAnswer>(url, '/service')
  if (experimentId === undefined) throw new Error('The service has no sample conversations.')
  const here: Tour = { browser, url }

  const isHalfRead = ({ status, counts }: InsightAnswer) =>
    status === 'FINISHED' || counts.summarized >= counts.selected / 3
  const running = await waitForFirstInsight(url, experimentId, (one) => one.counts.selected > 0 && isHalfRead(one))
  if (running.status === 'FINISHED') console.log('The first Insight was too quick for a picture of it running.')
  else {
    await take(here, 'insight-running', {
      path: `/insights/${running.id}`,
      ready: (page) => page.locator('.live-item').nth(5).waitFor(),
    })
  }

  const insight = await waitForFirstInsight(url, experimentId, ({ status }) => status === 'FINISHED')
  const cluster = chooseCluster(await ask<ClustersAnswer>(url, `/insights/${insight.id}/clusters`))
  const members = await ask<{ items: InsightTraceRow[] }>(url, `/insights/${insight.id}/traces?cluster=${cluster}`)
  const rows = (page: Page) => page.locator('tbody tr.openable').nth(3).waitFor()
  const details = async (page: Page): Promise<void> => {
    await rows(page)
    await page.locator('.cluster-panel .quote').first().waitFor()
    await page.locator('canvas').first().waitFor()
    await page.waitForLoadState('networkidle')
  }
  await take(here, 'insight-details', {
    path: `/insights/${insight.id}?cluster=${cluster}`,
    height: 1800,
    ready: details,
  })
  await take(here, 'insight-details-dark', {
    path: `/insights/${insight.id}?cluster=${cluster}`,
    height: 1800,
    theme: 'dark',
    ready: details,
  })
  await take(here, 'insight-treemap', {
    path: `/insights/${insight.id}?view=treemap&color=unresolved&wide=1`,
    height: 1000,
    ready: (page) => page.locator('.tile').nth(5).waitFor(),
  })
  await take(here, 'insight-map', {
    path: `/insights/${insight.id}?wide=1&at=2.00,0.5,0.5`,
    height: 1000,
    ready: (page) => page.locator('.map-label').nth(3).waitFor(),
  })
  await take(here, 'insight-record', {
    path: `/insights/${insight.id}?tab=record`,
    height: 1000,
    ready: (page) => page.getByText('mlflow_insights_cluster_details.json').waitFor(),
  })
  await take(here, 'insight-trace', {
    path: `/insights/${insight.id}?cluster=${cluster}&trace=${members.items[0]?.trace_id ?? ''}`,
    ready: (page) => page.locator('.drawer .turn-assistant').first().waitFor(),
  })
  await take(here, 'insight-table', {
    path: `/experiments/${experimentId}/insights`,
    ready: (page) => page.locator('.first-steps').waitFor(),
  })
  await take(here, 'insight-traces', {
    path: `/experiments/${experimentId}/traces`,
    ready: async (page) => {
      await rows(page)
      const boxes = page.locator('tbody input[type=checkbox]')
      await boxes.nth(0).click()
      await boxes.nth(6).click({ modifiers: ['Shift'] })
      await page.getByRole('button', { name: /^Actions/ }).click()
      await page.getByRole('menuitem', { name: /selected/ }).hover()
    },
  })
  await take(here, 'insight-creation-modal', {
    path: `/experiments/${experimentId}/insights?create=1`,
    ready: async (page) => {
      await page.getByRole('button', { name: 'Where does the assistant fail, and why?' }).click()
      await page.getByText(/match, .* will be read/).waitFor()
    },
  })
}

const executablePath = findChromium()
const dataDir = await mkdtemp(join(tmpdir(), 'insights-pictures-'))
try {
  const service = await startService(dataDir)
  try {
    const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] })
    try {
      await tour(browser, service.url)
    } finally {
      await browser.close()
    }
  } finally {
    await service.stop()
  }
} finally {
  await rm(dataDir, { recursive: true, force: true })
}
