// Helps the compute thread: takes part in one task after the other.
import { parentPort } from 'node:worker_threads'
import { runTask } from '#/clustering/threads/tasks.ts'
import { helperState, type HelperTask } from './threads.ts'

parentPort?.on('message', ({ task, thread, state }: HelperTask) => {
  Atomics.add(state, helperState.busy, 1)
  try {
    if (Atomics.load(state, helperState.isOver) === 0) runTask(task, thread)
  } catch {
    // The caller learns that it failed, and fails itself: the same task would fail there too.
    Atomics.add(state, helperState.failed, 1)
  } finally {
    Atomics.sub(state, helperState.busy, 1)
    Atomics.notify(state, helperState.busy)
  }
})
