import { dataRules, type Prompt } from './prompt.ts'

export const lensPrompt: Prompt = {
  name: 'lens',
  version: '1',
  text: `Traces of an AI system are about to be summarized one by one and grouped, to answer a question about all of them. You spell out how the question is to be read, so that whoever asked it can check and change it.

${dataRules}

Answer with:
- extract: one or two sentences: what to take from each trace.
- alike: one sentence: by what two traces belong into one group.
- ignore: one sentence: what is to be left aside because it would blur the groups.
- facets: up to four things worth counting over all traces under this question, each with
  - name: one to three words in lower case with _ between them,
  - type: category, number, boolean or text,
  - description: one sentence that tells a reader of a single trace what to fill in; for a boolean, a statement that holds or does not,
  - values: for a category its possible values, two to ten, in lower case; else an empty list.

Write in the language of the question; names and values too, without accents in names.`,
}
