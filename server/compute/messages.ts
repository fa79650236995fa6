import type { Matrix } from '#/clustering/matrix.ts'
import type { ClusterOptions, ClusterTree } from '#/clustering/tree.ts'

/** What the compute thread can be asked, and what it answers. One task a thread: its memory goes with it. */
export type ComputeTask =
  | { kind: 'featurize'; texts: readonly string[]; seed: number }
  | { kind: 'group'; vectors: Matrix; options: Omit<ClusterOptions, 'onProgress'> }

export type ComputeAnswer =
  | { kind: 'progress'; share: number }
  | { kind: 'featurized'; vectors: Matrix }
  | { kind: 'grouped'; tree: ClusterTree; map: Matrix }
  | { kind: 'failed'; name: string; message: string }
