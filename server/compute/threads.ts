// More threads for clustering: they wait for tasks over shared memory.
import { availableParallelism } from 'node:os'
import { runTask, type Task } from '#/clustering/threads/tasks.ts'
import { oneThread, type Threads } from '#/clustering/threads/threads.ts'
import { openThread } from '../open-thread.ts'

/** More than these have nothing left to do but wait for each other. */
const mostThreads = 8

/** A task for a helper thread. `state` is shared: whether the task is over, how many helpers are at it, how many failed. */
export type HelperTask = { task: Task; thread: number; state: Int32Array }
export const helperState = { isOver: 0, busy: 1, failed: 2 } as const

/**
 * Threads for as long as the caller needs them. The caller's own thread takes part and blocks while a task runs, so it must
 * not be the one that serves requests. Helpers end with it, or with `close`.
 */
export function openThreads(count = Math.min(mostThreads, availableParallelism())): Threads & { close: () => void } {
  if (count <= 1) return { ...oneThread, close: () => {} }
  const helpers = Array.from({ length: count - 1 }, () =>
    openThread(new URL('./helper-thread.ts', import.meta.url), { stdin: false }),
  )
  for (const helper of helpers) helper.unref()
  return {
    count,
    run: (task) => {
      const state = new Int32Array(new SharedArrayBuffer(12))
      helpers.forEach((helper, i) => helper.postMessage({ task, thread: i + 1, state } satisfies HelperTask))
      try {
        runTask(task, 0)
      } finally {
        // Whoever has not begun by now need not: all blocks are taken.
        Atomics.store(state, helperState.isOver, 1)
        for (let busy; (busy = Atomics.load(state, helperState.busy)) > 0;) Atomics.wait(state, helperState.busy, busy)
      }
      if (Atomics.load(state, helperState.failed) > 0) throw new Error(`A helper thread failed at ${task.kind}.`)
    },
    close: () => {
      for (const helper of helpers) void helper.terminate()
    },
  }
}
