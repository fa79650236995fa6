import { expect, test } from 'vitest'
import { toTraceConditions } from '#/mocks/tracking/trace-filter.ts'
import { fields, splitConditions, writeCondition } from '#/ui/traces/conditions.ts'

const field = (id: string) => fields.find((one) => one.id === id)!

test('every condition that can be put together is one that MLflow understands', () => {
  for (const one of fields) {
    for (const { id } of one.operators) {
      const written = writeCondition(one, { key: 'a.b', operator: id, value: one.id === 'time' ? '5000' : 'true' })
      expect(written).toHaveProperty('condition')
      if ('condition' in written) expect(toTraceConditions(written.condition), written.condition).toHaveLength(1)
    }
  }
})

test('a value keeps its quote by the other kind, and one with both is refused in words', () => {
  expect(writeCondition(field('name'), { key: '', operator: '=', value: "don't" })).toEqual({
    condition: `name = "don't"`,
  })
  expect(writeCondition(field('name'), { key: '', operator: '=', value: `don't "say"` })).toHaveProperty('problem')
})

test('what is missing or no number is said', () => {
  expect(writeCondition(field('time'), { key: '', operator: '>', value: 'long' })).toEqual({
    problem: 'A number is needed.',
  })
  expect(writeCondition(field('tag'), { key: ' ', operator: '=', value: 'x' })).toEqual({
    problem: 'Key of the tag is missing.',
  })
  expect(writeCondition(field('tag'), { key: 'k', operator: '=', value: '' })).toEqual({ problem: 'Value is missing.' })
  expect(writeCondition(field('tag'), { key: 'k`', operator: '=', value: 'v' })).toHaveProperty('problem')
})

test('a filter falls apart into its conditions, and an AND inside quotes is text', () => {
  expect(splitConditions("status = 'ERROR' AND name = 'salt and pepper' and tag.`a and b` = 'x'")).toEqual([
    "status = 'ERROR'",
    "name = 'salt and pepper'",
    "tag.`a and b` = 'x'",
  ])
  expect(splitConditions('  ')).toEqual([])
})
