// Turns as plain text for a model's prompt; content can not pass for a label or close the block it stands in.
import type { Turn } from './transcript.ts'

const systemHead = 200

/**
 * Each turn under a label such as `[[3 tool_call get_order]]`, numbered from one within the list given. A line of
 * content that begins like a label, and anything like a tag around traces, is escaped with a backslash; control and
 * direction characters are dropped. System text (policies, tool schemas) is shown by its first 200 characters only,
 * whether it was seen before or not, so that it is not paid for with every trace and no order of reading changes a
 * prompt.
 */
export function renderTurns(turns: readonly Turn[]): string {
  return turns.map((turn, index) => renderTurn(turn, index + 1)).join('\n')
}

/** One turn as `renderTurns` shows it. */
export function renderTurn(turn: Turn, number: number): string {
  const name = turn.name === undefined ? '' : ` ${oneLine(turn.name)}`
  const text =
    turn.kind === 'system' && turn.text.length > systemHead
      ? `${turn.text.slice(0, systemHead)}… (${turn.text.length} characters)`
      : turn.text
  return `[[${number} ${turn.kind}${name}]]\n${escapeContent(text)}`
}

function escapeContent(text: string): string {
  return (
    dropControls(text)
      // Not `\s`: over a million empty lines that looks from each one to the last.
      .replace(/^([^\S\n]*)\[\[/gm, '$1\\[[')
      .replace(/<(\/?\s{0,20}(?:trace|transcript|conversation|instruction|system|document|example)s?\b)/gi, '<\\$1')
  )
}

function oneLine(name: string): string {
  return dropControls(name)
    .replace(/[\s[\]<>]+/g, ' ')
    .trim()
    .slice(0, 80)
}

const anyControl =
  /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u200B\u200E\u200F\u2028-\u202E\u2060-\u206F\uFEFF\uFFF9-\uFFFB\u{E0000}-\u{E007F}]/u

/** Every kind of line break becomes `\n`; other control characters, terminal escapes and bidirectional marks go. */
export function dropControls(text: string): string {
  if (!anyControl.test(text)) return text
  return text
    .replace(/\u001B(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001B]*(?:\u0007|\u001B\\)?|[@-_])?/g, '')
    .replace(/\r\n?|[\u000B\u000C\u0085\u2028\u2029]/g, '\n')
    .replace(
      /[\u0000-\u0008\u000E-\u001F\u007F-\u009F\u200B\u200E\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\uFFF9-\uFFFB]/g,
      '',
    )
    .replace(/[\u{E0000}-\u{E007F}]/gu, '')
}
