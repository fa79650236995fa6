// The references in Python, in an environment of their own; what is missing has its reason.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { z } from 'zod'
import { privateFolder, reasonOf } from './private-folder.ts'

const folder = join(privateFolder, 'python')
const packages = ['numpy', 'scipy', 'scikit-learn', 'fastcluster']
/** A reference that hangs must not take the whole run with it. */
const timeoutMs = 150_000

export type Python = { path: string } | { missing: string }

/** `PYTHON`, or the environment made before, or a new one (which needs the network, once). */
export function findPython(): Python {
  const own = join(folder, 'bin', 'python')
  for (const path of [process.env['PYTHON'], own]) if (path !== undefined && canImport(path)) return { path }
  try {
    mkdirSync(privateFolder, { recursive: true })
    if (!existsSync(own)) execFileSync('python3', ['-m', 'venv', folder], { stdio: 'pipe' })
    console.log(`Installing ${packages.join(', ')} into ${folder} …`)
    execFileSync(own, ['-m', 'pip', 'install', '--quiet', ...packages], { stdio: 'pipe' })
    return canImport(own) ? { path: own } : { missing: `${packages.join(', ')} cannot be imported` }
  } catch (error) {
    return { missing: reasonOf(error) }
  }
}

/** What the reference printed, or the reason why there is nothing. */
export function runReference<T>(
  python: Python,
  task: readonly string[],
  schema: z.ZodType<T>,
): T | { missing: string } {
  if ('missing' in python) return python
  const args = [join(import.meta.dirname, 'reference.py'), ...task]
  try {
    const options = { encoding: 'utf8', maxBuffer: 2 ** 28, stdio: 'pipe', timeout: timeoutMs } as const
    return schema.parse(JSON.parse(execFileSync(python.path, args, options)))
  } catch (error) {
    return { missing: reasonOf(error) }
  }
}

function canImport(path: string): boolean {
  try {
    execFileSync(path, ['-c', 'import numpy, scipy, sklearn, fastcluster'], { stdio: 'pipe' })
    return true
  } catch {
    return false
  }
}
