// The second look at an overview: a draft's statements held against what was counted and quoted, by a call of its own.
import type { Usage } from '../insight.ts'
import type { Cancellable } from '../ports.ts'
import { OverviewCheckAnswer } from './answers.ts'
import type { Complete } from './complete.ts'
import { type DataBlock, toUserMessage } from './fence.ts'
import { overviewCheckPrompt } from './prompts/overview-check.ts'
import { tidyText } from './tidy-text.ts'
import { estimateTokens, toTimeoutMs } from './tokens.ts'

const checkTokens = 300

/** The places of the statements that the data does not support. Throws `model.*` errors. */
export async function findUnsupported(
  statements: readonly string[],
  data: readonly DataBlock[],
  complete: Complete,
  options: Cancellable,
): Promise<{ unsupported: ReadonlySet<number>; usage: Usage }> {
  const numbered = statements.map((statement, at) => `${at + 1}. ${tidyText(statement, 800)}`).join('\n')
  const user = toUserMessage([...data, { label: 'statements', text: numbered }], 'Check the statements.')
  const { value, usage } = await complete(
    {
      kind: 'overview_check',
      prompt: { system: overviewCheckPrompt.text, user },
      schema: OverviewCheckAnswer,
      schemaName: overviewCheckPrompt.name,
      maxOutputTokens: checkTokens,
      model: 'thinking',
      timeoutMs: toTimeoutMs({
        inputTokens: estimateTokens(overviewCheckPrompt.text) + estimateTokens(user),
        outputTokens: checkTokens,
      }),
    },
    options,
  )
  return { unsupported: new Set(value.unsupported.map((number) => number - 1)), usage }
}
