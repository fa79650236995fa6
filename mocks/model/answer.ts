// What the stand-in says to a prompt: an object that fits the schema asked for, picked from the data given.
import { fillFacets, readFacets } from './facets.ts'
import { findPlace, findSame, nameLeaf, nameParent } from './name.ts'
import { writeOverview } from './overview.ts'
import type { JsonSchema, ReadPrompt } from './read-prompt.ts'
import { cut, toSentences } from './sentences.ts'
import { extract } from './summarize.ts'

/** Known shapes get a sensible answer, any other schema a valid one, and no schema a plain text. */
export function answerTo(prompt: ReadPrompt): unknown {
  const { schema } = prompt
  if (schema === undefined) return undefined
  const known = answerKnown(prompt, new Set(Object.keys(schema.properties ?? {})))
  return fit(known, schema, prompt)
}

/** For a prompt without any schema: the first sentences of what was said. */
export function answerInWords(prompt: ReadPrompt): string {
  const text = [...prompt.blocks.values()].join('\n') || prompt.text
  return cut(toSentences(text).slice(0, 3).join(' '), 600) || 'There is nothing to say.'
}

function answerKnown({ blocks, schema }: ReadPrompt, fields: ReadonlySet<string>): Record<string, unknown> {
  if (fields.has('key_points')) return writeOverview(blocks)
  if (fields.has('notes')) {
    const { summary, language, quotes } = extract(blocks.get('trace') ?? '', '')
    return { notes: summary, language, quotes }
  }
  if (fields.has('description')) {
    const outside = blocks.get('outside') ?? ''
    const groups = blocks.get('groups')
    return groups === undefined ? nameLeaf(blocks.get('members') ?? '', outside) : nameParent(groups, outside)
  }
  if (fields.has('same')) return { same: findSame(blocks.get('groups') ?? '') }
  if (fields.has('group')) return { group: findPlace(blocks.get('group') ?? '', blocks.get('groups') ?? '') }
  if (fields.has('alike'))
    return { extract: oneLine(blocks.get('question') ?? ''), alike: 'What is asked for.', ignore: '' }
  if (fields.has('grouping_text')) {
    const isCombined = schema?.properties?.['quotes']?.items?.type !== 'object'
    const facets = fillFacets(readFacets(blocks.get('facets') ?? ''), blocks.get('trace') ?? blocks.get('notes') ?? '')
    return { ...(isCombined ? combine(blocks) : summarize(blocks)), facets }
  }
  return {}
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}

function summarize(blocks: ReadonlyMap<string, string>): Record<string, unknown> {
  const found = extract(blocks.get('trace') ?? '', blocks.get('facts') ?? '')
  const { title, summary, outcome, language, quotes } = found
  return { title, summary, grouping_text: found.grouping, outcome, language, quotes }
}

/** From notes, the first part tells the wish and the last one the end; quotes are given by number. */
function combine(blocks: ReadonlyMap<string, string>): Record<string, unknown> {
  const notes = (blocks.get('notes') ?? '').split('\n').map((line) => line.replace(/^(Part|Stretch) \d+: /, ''))
  const wish = /“([^”]+)”/.exec(notes[0] ?? '')?.[1] ?? notes[0] ?? ''
  const { title, grouping } = extract(`[[1 user]]\n${wish}`, '')
  const ends = notes.at(-1) ?? ''
  const outcome =
    [
      ['resolved', 'It was settled.'],
      ['unresolved', 'It stayed open.'],
      ['handed_off', 'passed on to a person'],
      ['error', 'broke off'],
    ].find(([, words = '']) => ends.includes(words))?.[0] ?? 'unclear'
  const count = (blocks.get('quotes') ?? '').split('\n').filter((line) => /^\d+\. /.test(line)).length
  return {
    title,
    summary: `${cut(notes[0] ?? '', 500)} After ${notes.length} parts it ended as follows: ${cut(ends, 300)}`,
    grouping_text: grouping,
    outcome,
    language: 'und',
    quotes: Array.from({ length: Math.min(3, count) }, (_, index) => index + 1),
  }
}

/** The value where it has the type asked for, else the plainest one that has. */
function fit(value: unknown, schema: JsonSchema, prompt: ReadPrompt): unknown {
  const [option, ...others] = schema.anyOf ?? []
  const mayBeNull = schema.type?.includes('null') === true || others.some(({ type }) => type === 'null')
  if (value === null && mayBeNull) return null
  if (option !== undefined) return fit(value, option, prompt)
  if (schema.enum !== undefined) return schema.enum.includes(value) ? value : schema.enum[0]
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'object': {
      const given = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
      const fields = Object.entries(schema.properties ?? {})
      return Object.fromEntries(fields.map(([name, field]) => [name, fit(given[name], field, prompt)]))
    }
    case 'array':
      return Array.isArray(value) ? value.map((item) => fit(item, schema.items ?? {}, prompt)) : []
    case 'string':
      return typeof value === 'string' ? value : answerInWords(prompt)
    case 'integer':
    case 'number':
      return typeof value === 'number' ? value : 0
    case 'boolean':
      return typeof value === 'boolean' ? value : false
    default:
      return value ?? null
  }
}
