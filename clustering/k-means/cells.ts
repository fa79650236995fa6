// Points sorted into cells: whose centre they are near to is near to the cell.
import type { Matrix } from '../matrix/matrix.ts'
import { sharedInt32 } from '../matrix/shared-memory.ts'

/** The rows of cell `c`, ascending, are `members` from `offsets[c]` to `offsets[c + 1]`. In memory that threads share. */
export type Members = { members: Int32Array; offsets: Int32Array }

/** Where the cells are, too. */
export type Cells = Members & { centres: Matrix }

export function toMembers(cellOf: Int32Array, cells: number): Members {
  const offsets = sharedInt32(cells + 1)
  for (const cell of cellOf) offsets[cell + 1] = offsets[cell + 1]! + 1
  for (let cell = 0; cell < cells; cell++) offsets[cell + 1] = offsets[cell + 1]! + offsets[cell]!
  const next = offsets.slice()
  const members = sharedInt32(cellOf.length)
  cellOf.forEach((cell, row) => {
    const at = next[cell]!
    next[cell] = at + 1
    members[at] = row
  })
  return { members, offsets }
}
