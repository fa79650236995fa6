#!/usr/bin/env node
// Starts the command line with a Node that runs TypeScript as it stands: this one, or the one this project brings along.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 24 || (major === 24 && minor >= 14)) {
  const { main } = await import('./main.ts')
  await main()
} else {
  const node = findPinnedNode()
  if (node === undefined) {
    process.stderr.write(
      `Node 24.14 or newer is needed, and this is ${process.versions.node}. Run npm ci in the project: it brings its own.\n`,
    )
    process.exit(2)
  }
  const main = fileURLToPath(new URL('main.ts', import.meta.url))
  const child = spawn(node, [main, ...process.argv.slice(2)], { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both; the command decides what it means, and we only wait for it.
  process.on('SIGINT', () => {})
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    process.stderr.write(`${node} cannot be started: ${error.message}\n`)
    process.exit(2)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}

function findPinnedNode() {
  try {
    const folder = dirname(createRequire(import.meta.url).resolve('node/package.json'))
    return ['bin/node', 'bin/node.exe'].map((name) => join(folder, name)).find((path) => existsSync(path))
  } catch {
    return undefined
  }
}
