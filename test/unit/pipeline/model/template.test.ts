import { describe, expect, test } from 'vitest'
import { prompts } from '#/pipeline/model/analyst.ts'
import { dataRules } from '#/pipeline/model/prompts/prompt.ts'
import { summarizePrompt } from '#/pipeline/model/prompts/summarize.ts'
import { fillTemplate, toTemplate } from '#/pipeline/model/prompts/template.ts'

const template = toTemplate(summarizePrompt)

test.each(prompts.map((prompt) => [prompt.name, prompt] as const))(
  '%s as a template comes back to the letter',
  (_, prompt) => {
    expect(toTemplate(prompt)).toContain('{{data_rules}}')
    expect(fillTemplate(toTemplate(prompt), prompt)).toEqual({ text: prompt.text })
  },
)

test('words of one’s own stay, and the rules are filled in wherever they are wanted', () => {
  const own = template.replace('You read', 'Du liest').replace('{{data_rules}}', '{{ data_rules }}')
  expect(fillTemplate(own, summarizePrompt)).toEqual({ text: summarizePrompt.text.replace('You read', 'Du liest') })
})

describe('a template that a call could not rely on is refused', () => {
  test.each([
    ['without the rules', template.replace('{{data_rules}}', dataRules), 'it lacks {{data_rules}}'],
    ['with an unknown placeholder', `${template} {{customer}}`, 'nothing fills in {{customer}}'],
    [
      'without fields',
      template.replace('- outcome:', '- ').replace('- quotes:', '- '),
      'it does not say what goes into outcome, quotes',
    ],
    ['too long', `${template}${'x'.repeat(12_000)}`, 'it is longer than 12000 characters'],
  ])('%s', (_, changed, problem) => {
    expect(fillTemplate(changed, summarizePrompt)).toEqual({ problems: [problem] })
  })
})
