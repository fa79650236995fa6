import { dataRules, lensRule, type Prompt } from './prompt.ts'

export const placeGroupPrompt: Prompt = {
  name: 'place_group',
  version: '1',
  text: `Traces of an AI system were summarized under a question and grouped, and the groups were grouped again into upper groups. One group stands at the border of several upper groups. You say to which of them it belongs.

${dataRules} ${lensRule}

The upper groups are listed in no order.

Answer with:
- group: the number of the one upper group that the group belongs to best, by what makes two traces alike under the question.`,
}
