import fc from 'fast-check'
import { expect, test } from 'vitest'
import { linePieces, listPieces, objectPieces } from '#/pipeline/json-pieces.ts'

test('pieces together are what JSON.stringify says, whatever the object', () => {
  const field = fc.oneof(fc.jsonValue(), fc.constant(undefined), fc.array(fc.jsonValue()))
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'binary' }), field), (object) => {
      expect([...objectPieces(object)].join('')).toBe(JSON.stringify(object))
    }),
  )
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), (list) => {
      expect([...listPieces(list)].join('')).toBe(JSON.stringify(list))
    }),
  )
})

test('a long list is never whole, and its lines are not torn', () => {
  const lines = Array.from({ length: 5_000 }, (_, at) => JSON.stringify({ at, text: 'ü'.repeat(at % 200) }))
  const pieces = [...linePieces(lines)]
  expect(pieces.join('')).toBe(`${lines.join('\n')}\n`)
  expect(pieces.length).toBeGreaterThan(8)
  expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(66_000)
  expect(pieces.every((piece) => piece.endsWith('}\n'))).toBe(true)
})
