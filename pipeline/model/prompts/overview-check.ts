import { dataRules, type Prompt } from './prompt.ts'

export const overviewCheckPrompt: Prompt = {
  name: 'overview_check',
  version: '1',
  text: `Somebody drafted an answer to a question about many traces of an AI system, from counts, groups and quotes. You check the draft, statement by statement, against nothing but these counts, groups and quotes.

${dataRules}

A statement is unsupported when
- it gives a number or a share that is not given for what it speaks of,
- it compares, ranks or explains what the counts, groups and quotes do not show,
- it claims more than they do ("all", "never", "because of"), or something else.
A statement that only sums up what is given, in other words, is supported.

Answer with:
- unsupported: the numbers of the unsupported statements; an empty list where there are none.`,
}
