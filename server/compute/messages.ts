import type { Matrix } from '#/clustering/matrix/matrix.ts'
import type { Rearranged, Rearrangement } from '#/clustering/rearrange.ts'
import type { ClusterOptions, ClusterTree } from '#/clustering/tree.ts'
import type { Analyst, NamedNode } from '#/pipeline/ports.ts'

/** What the built-in analyst names by: it wishes for no other groups. */
export type NameInput = Omit<Parameters<Analyst['nameClusters']>[0], 'rearrange'>

/** The vocabularies of OpenAI's models: the newer ones' and that of GPT-4 and of the embedding models. */
export type Encoding = 'o200k_base' | 'cl100k_base'

/** What the compute thread can be asked, and what it answers. One task a thread: its memory goes with it. */
export type ComputeTask =
  | { kind: 'name'; input: NameInput }
  | { kind: 'featurize'; texts: readonly string[]; seed: number }
  | { kind: 'count_tokens'; texts: readonly string[]; encoding: Encoding }
  | { kind: 'group'; vectors: Matrix; options: Omit<ClusterOptions, 'onProgress' | 'threads'> }
  | {
      kind: 'rearrange'
      vectors: Matrix
      tree: ClusterTree
      wishes: readonly Rearrangement[]
      texts: readonly string[]
    }

export type ComputeAnswer =
  | { kind: 'named'; names: NamedNode[] }
  | { kind: 'progress'; share: number }
  | { kind: 'featurized'; vectors: Matrix }
  | { kind: 'counted'; tokens: number }
  | { kind: 'grouped'; tree: ClusterTree; map: Matrix }
  | { kind: 'rearranged'; rearranged: Rearranged }
  | { kind: 'failed'; name: string; message: string }

/** What must be handed over with a matrix: nothing where its memory is shared anyway. */
export function transferable({ data }: Matrix): ArrayBuffer[] {
  return data.buffer instanceof ArrayBuffer ? [data.buffer] : []
}
