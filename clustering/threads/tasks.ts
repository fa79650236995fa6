// Everything that threads are asked to do.
import { centreTextRows, type CentreTextsTask, embedTextRows, type EmbedTextsTask } from '../text/embed-rows.ts'
import { assignRows, type AssignRowsTask } from '../k-means/assign-rows.ts'
import { sumRows, type SumRowsTask } from '../k-means/sum-rows.ts'
import { findOwnProducts, type OwnProductsTask } from '../matrix/own-product-rows.ts'
import { mergeLists, type MergeListsTask, searchPairs, type SearchPairsTask } from '../ward/search-pairs.ts'
import { findNeighbourRows, type FindNeighboursTask } from '../matrix/neighbour-rows.ts'
import { gramRows, type GramRowsTask } from '../svd/gram-rows.ts'
import { multiplyDenseRows, type MultiplyDenseTask } from '../svd/dense-rows.ts'
import { multiplySparseRows, type MultiplySparseTask } from '../svd/sparse-rows.ts'
import { searchRows, type SearchRowsTask } from '../ward/search-rows.ts'
import { trainCells, type TrainCellsTask } from '../k-means/train-cells.ts'

/** Plain data over shared memory: it can be sent to another thread. */
export type Task =
  | AssignRowsTask
  | SumRowsTask
  | OwnProductsTask
  | TrainCellsTask
  | SearchPairsTask
  | MergeListsTask
  | SearchRowsTask
  | MultiplySparseTask
  | MultiplyDenseTask
  | GramRowsTask
  | FindNeighboursTask
  | EmbedTextsTask
  | CentreTextsTask

/** What one thread does of a task; `thread` counts from 0. */
export function runTask(task: Task, thread: number): void {
  switch (task.kind) {
    case 'assign-rows':
      return assignRows(task, thread)
    case 'sum-rows':
      return sumRows(task, thread)
    case 'own-products':
      return findOwnProducts(task)
    case 'train-cells':
      return trainCells(task)
    case 'search-pairs':
      return searchPairs(task, thread)
    case 'merge-lists':
      return mergeLists(task)
    case 'search-rows':
      return searchRows(task)
    case 'multiply-sparse':
      return multiplySparseRows(task)
    case 'multiply-dense':
      return multiplyDenseRows(task)
    case 'gram-rows':
      return gramRows(task)
    case 'find-neighbours':
      return findNeighbourRows(task)
    case 'embed-texts':
      return embedTextRows(task, thread)
    case 'centre-texts':
      return centreTextRows(task)
  }
}
