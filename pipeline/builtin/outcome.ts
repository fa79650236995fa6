// How a conversation ended.
import type { Outcome } from '../insight.ts'
import { complaints, handoverWords, refusals, successes, thanks } from './cues.ts'
import type { Said, Reading } from './reading.ts'
import { contentCount } from './request.ts'

export type Ending = {
  outcome: Outcome
  /** What shows it: the error, the closing words of either side. */
  proof?: Said
  /** Which sign decided. */
  sign: 'error' | 'handover' | 'thanks' | 'complaint' | 'refusal' | 'success' | 'feedback' | 'abandoned' | 'none'
}

/** Reads the ending from what can be seen: errors, hand-overs, closing words, feedback. Nothing is made up where nothing was answered. */
export function endingOf(reading: Reading): Ending {
  const { transcript, user, assistant, actions } = reading
  const lastOrder = user.at(-1)?.order ?? -1
  const closing = user.filter((said) => said.order === lastOrder && said.order > 0)
  const lastReply = reading.lastAssistant
  const reply = assistant.filter((said) => said.turn === lastReply)
  const lastUserIndex = user.at(-1)?.turnIndex ?? -1
  const endReply = meaningfulReply(assistant)

  const handover = reply.find((said) => handoverWords.test(said.plain))
  if (actions.some((action) => action.isHandover))
    return { outcome: 'handed_off', sign: 'handover', ...proofOf(handover ?? reply[0]) }
  if (transcript.state === 'ERROR') return { outcome: 'error', sign: 'error' }
  const votes = feedbackVotes(reading)
  if (assistant.length === 0 || (user.length > 0 && assistant.every((said) => said.turnIndex < user[0]!.turnIndex))) {
    return votes === 0
      ? { outcome: 'unclear', sign: 'none' }
      : { outcome: votes > 0 ? 'resolved' : 'unresolved', sign: 'feedback' }
  }
  const complaint = closing.find((said) => complaints.test(said.plain) && !thanks.test(said.plain))
  if (complaint !== undefined && votes <= 0) return { outcome: 'unresolved', sign: 'complaint', proof: complaint }
  const refused = [...reply, ...endReply].find((said) => refusals.test(said.plain))
  const done = [...reply, ...endReply].find((said) => successes.test(said.plain) && !refusals.test(said.plain))
  const thanked = closing.find((said) => thanks.test(said.plain))
  if (handover !== undefined && votes >= 0 && done === undefined)
    return { outcome: 'handed_off', sign: 'handover', proof: handover }
  if (votes < 0) return { outcome: 'unresolved', sign: 'feedback', ...proofOf(refused) }
  if (refused !== undefined && done === undefined)
    return { outcome: votes > 0 ? 'resolved' : 'unresolved', sign: 'refusal', proof: refused }
  if (done !== undefined)
    return { outcome: 'resolved', sign: thanked === undefined ? 'success' : 'thanks', proof: thanked ?? done }
  if (thanked !== undefined) return { outcome: 'resolved', sign: 'thanks', proof: thanked }
  if (votes > 0) return { outcome: 'resolved', sign: 'feedback' }
  const endsWithUser = lastUserIndex > (assistant.at(-1)?.turnIndex ?? -1)
  if (endsWithUser && contentCount(closing.map((said) => said.plain).join(' ')) >= 3)
    return { outcome: 'unclear', sign: 'abandoned' }
  return { outcome: 'unclear', sign: 'none' }
}

/** The last thing an assistant said beyond saying goodbye. */
export function meaningfulReply(assistant: readonly Said[]): Said[] {
  const orders = [...new Set(assistant.map((said) => said.order))].reverse()
  for (const order of orders.slice(0, 3)) {
    const turn = assistant.filter(
      (said) =>
        said.order === order &&
        !/\b(?:anything else|goodbye|thank you and|you're welcome|have a (?:great|nice|good|wonderful)|enjoy your|feel free to|let me know if|happy to help|glad i could)\b/i.test(
          said.plain,
        ),
    )
    if (turn.some((said) => contentCount(said.plain) >= 3)) return turn
  }
  return []
}

/** Good minus bad among what people and checks recorded: booleans, and 1 to 5 stars. */
export function feedbackVotes({ transcript }: Reading): number {
  let votes = 0
  for (const { value } of transcript.feedback ?? []) {
    if (value === true || value === 'yes' || value === 'good' || value === 'positive') votes += 1
    else if (value === false || value === 'no' || value === 'bad' || value === 'negative') votes -= 1
  }
  return votes
}

function proofOf(said: Said | undefined): { proof?: Said } {
  return said === undefined ? {} : { proof: said }
}
