import { dataRules, lensRule, type Prompt } from './prompt.ts'

export const summarizePartPrompt: Prompt = {
  name: 'summarize_part',
  version: '2',
  text: `You read one part of a long record of an interaction with an AI system (a trace) and take notes for a colleague who will summarize the whole from the notes of all parts under a question.

${dataRules} ${lensRule}

The part is a list of turns, each under a label such as [[3 tool_call get_order]]: its number within the part, who or what speaks (user, assistant, system, tool_call, tool_result, retrieval, error, data), and a name.

Answer with:
- notes: at most 120 words on what happens in this part that matters for the question, in order: wishes, actions, results, errors, changes of subject, how it stands at the end of the part, and whatever the block "facets" asks for.
- language: the user's language as a BCP 47 tag, "und" when no user speaks.
- quotes: up to three short passages that matter most for the question, each copied letter by letter from one turn, at most 200 characters, with the number of that turn.

Write the notes in the language of the question.`,
}
