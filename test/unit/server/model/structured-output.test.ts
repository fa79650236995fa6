import { expect, test } from 'vitest'
import { z } from 'zod'
import { NameAnswer, OverviewAnswer, SummaryAnswer } from '#/pipeline/model/answers.ts'
import { parseAnswer, toStrictJsonSchema } from '#/server/model/structured-output.ts'

const schema = z.object({ title: z.string().min(1), size: z.number() })
const value = { title: 'A {brace} and a "quote"', size: 3 }
const json = JSON.stringify(value)

test.for([
  ['bare', json],
  ['in a fence', `Sure!\n\`\`\`json\n${json}\n\`\`\`\nAnything else?`],
  ['after thoughts', `<think>{"title": "", "size": 0} or {not json}</think>\n${json}`],
  ['after other braces', `In {short}: ${json}`],
  ['after an object that does not fit', `{"answer": 42} ${json}`],
] as const)('an object is found %s', ([, text]) => {
  expect(parseAnswer(text, schema)).toEqual({ ok: true, value })
})

test.for([
  ['nothing', '', 'The answer holds no JSON object.'],
  ['half an object', json.slice(0, 20), 'The answer holds no JSON object.'],
  [
    'wrong types',
    '{"title": "", "size": "3"}',
    'title: Too small: expected string to have >=1 characters\nsize: Invalid input: expected number, received string',
  ],
  ['something else', '[1, 2]', 'the object: Invalid input: expected object, received array'],
] as const)('%s is told apart, with what is wrong', ([, text, problem]) => {
  expect(parseAnswer(text, schema)).toEqual({ ok: false, problem })
})

test('a megabyte of open braces is given up quickly', () => {
  const started = performance.now()
  expect(parseAnswer('{'.repeat(1_000_000), schema).ok).toBe(false)
  expect(performance.now() - started).toBeLessThan(2_000)
})

test.for([
  ['summary', SummaryAnswer],
  ['name', NameAnswer],
  ['overview', OverviewAnswer],
] as const)('the schema of a %s stays within what strict mode takes', ([, answer]) => {
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit)
    if (typeof node !== 'object' || node === null) return
    const { type, properties, required, additionalProperties } = node as Record<string, unknown>
    if (type === 'object') {
      expect(additionalProperties).toBe(false)
      expect(required).toEqual(Object.keys(properties as object))
    }
    expect(Object.keys(node)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(pattern|min|max|format|\$schema)/)]),
    )
    Object.values(node).forEach(visit)
  }
  visit(toStrictJsonSchema(answer))
})
