import { execFile } from 'node:child_process'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/**
 * Builds the app as `npm start` does and answers the folder. A folder of its own each time: test files run side by side,
 * and one that builds must not take the files away that another one's browser is about to load. In its own process: the
 * tests' NODE_ENV would give React's slow build.
 */
export async function buildUi(): Promise<string> {
  const root = join(import.meta.dirname, '../..')
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const outDir = await mkdtemp(join(tmpdir(), 'insights-ui-'))
  await promisify(execFile)(process.execPath, [vite, 'build', 'ui', '--outDir', outDir, '--logLevel', 'warn'], {
    cwd: root,
    env: { ...process.env, NODE_ENV: 'production' },
  })
  return outDir
}
