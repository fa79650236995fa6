// How work is spread: a task is plain data over shared memory, and every thread that runs it takes blocks until none are left.
import { runTask, type Task } from './tasks.ts'

/** Runs tasks on some threads. Results never depend on how many there are. */
export type Threads = {
  /** How many threads there are, the caller's included. */
  count: number
  /** Returns when the task is done; blocks the caller, which takes part. */
  run: (task: Task) => void
}

/** The caller's thread alone. */
export const oneThread: Threads = { count: 1, run: (task) => runTask(task, 0) }
