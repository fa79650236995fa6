// The long mathematics, off the event loop: answers one task and ends.
import { constants, setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'
import { clusterTree } from '#/clustering/cluster.ts'
import { rearrangeTree } from '#/clustering/rearrange.ts'
import { featurize } from '#/clustering/text/featurize.ts'
import { projectMap } from '#/clustering/map.ts'
import { oneThread, type Threads } from '#/clustering/threads/threads.ts'
import { type ComputeAnswer, type ComputeTask, transferable } from './messages.ts'
import { openThreads } from './threads.ts'

/** With fewer rows a helper takes more memory than it saves time. */
const rowsWorthHelp = 20_000
const threadsFor = (rows: number): Threads => (rows < rowsWorthHelp ? oneThread : openThreads())

const answer = (message: ComputeAnswer, transfer: ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, transfer)
const onProgress = (share: number): void => answer({ kind: 'progress', share })

async function run(task: ComputeTask): Promise<void> {
  switch (task.kind) {
    case 'featurize': {
      const vectors = featurize(task.texts, { seed: task.seed, threads: threadsFor(task.texts.length), onProgress })
      answer({ kind: 'featurized', vectors }, transferable(vectors))
      break
    }
    case 'name': {
      // Loaded here only: most tasks have no use for its dictionaries.
      const { createBuiltinAnalyst } = await import('#/pipeline/builtin/analyst.ts')
      const { signal } = new AbortController()
      const { names } = await createBuiltinAnalyst().nameClusters(task.input, { signal })
      answer({ kind: 'named', names })
      break
    }
    case 'count_tokens': {
      // 76 MB with its vocabulary: loaded here only, where it goes with the thread.
      const { countTokens } = await (task.encoding === 'o200k_base'
        ? import('gpt-tokenizer/encoding/o200k_base')
        : import('gpt-tokenizer/encoding/cl100k_base'))
      // Text that spells a special token is still text.
      const asText = { disallowedSpecial: new Set<string>() }
      answer({ kind: 'counted', tokens: task.texts.reduce((sum, text) => sum + countTokens(text, asText), 0) })
      break
    }
    case 'group': {
      const threads = threadsFor(task.vectors.rows)
      const tree = clusterTree(task.vectors, { ...task.options, threads, onProgress })
      const map = projectMap(task.vectors, tree, { seed: task.options.seed })
      answer({ kind: 'grouped', tree, map }, transferable(map))
      break
    }
    case 'rearrange': {
      const { vectors, tree, wishes, texts } = task
      answer({ kind: 'rearranged', rearranged: rearrangeTree(vectors, tree, wishes, { texts }) })
      break
    }
  }
}

/** Whoever waits for an answer goes first. Only Linux gives a thread a priority of its own; where it is refused nothing is lost. */
function yieldToOthers(): void {
  if (process.platform !== 'linux') return
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {}
}

yieldToOthers()
try {
  await run(workerData as ComputeTask)
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  answer({ kind: 'failed', name, message })
}
