// A fresh real `mlflow server` for a benchmark, outside the test runner.
import { openMlflowDoor } from '#/test/support/mlflow-server.ts'

export type RealServer = { url: string; python: string; version: string; close: () => Promise<void> }

/** Starts the newest MLflow on SQLite (installs it where the machine lacks it); throws with the reason where it cannot. */
export async function startRealMlflow(): Promise<RealServer> {
  const door = await openMlflowDoor()
  for (;;) {
    // 202 says that it is still being installed or started.
    const answer = await fetch(door.url)
    const server = (await answer.json()) as { url: string; python: string; version: string } | { missing: string }
    if (answer.status !== 200) continue
    if ('missing' in server) throw new Error(`A real mlflow server: ${server.missing}`)
    return { ...server, close: door.close }
  }
}
