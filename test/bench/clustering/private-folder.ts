// Where the references live that are none of the project's dependencies: made once, kept outside the project.
import { homedir } from 'node:os'
import { join } from 'node:path'

export const privateFolder = join(
  process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'),
  'trace-insights',
  'bench-clustering',
)

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.trim().split('\n').at(-1)! : String(error)
}
