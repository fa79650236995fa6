// The long mathematics, off the event loop: answers one task and ends.
import { parentPort, workerData } from 'node:worker_threads'
import { clusterTree } from '#/clustering/cluster.ts'
import { featurize } from '#/clustering/featurize.ts'
import { projectMap } from '#/clustering/map.ts'
import type { ComputeAnswer, ComputeTask } from './messages.ts'

const answer = (message: ComputeAnswer, transfer: ArrayBuffer[] = []): void =>
  parentPort?.postMessage(message, transfer)
const onProgress = (share: number): void => answer({ kind: 'progress', share })

function run(task: ComputeTask): void {
  switch (task.kind) {
    case 'featurize': {
      const vectors = featurize(task.texts, { seed: task.seed, onProgress })
      answer({ kind: 'featurized', vectors }, [vectors.data.buffer as ArrayBuffer])
      break
    }
    case 'group': {
      const tree = clusterTree(task.vectors, { ...task.options, onProgress })
      const map = projectMap(task.vectors, tree, { seed: task.options.seed })
      answer({ kind: 'grouped', tree, map }, [map.data.buffer as ArrayBuffer])
      break
    }
  }
}

try {
  run(workerData as ComputeTask)
} catch (error) {
  const { name, message } = error instanceof Error ? error : new Error(String(error))
  answer({ kind: 'failed', name, message })
}
