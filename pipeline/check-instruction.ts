// Whether an instruction can be answered from traces. In doubt it can: refusing a good question is the worse mistake.

const problems: readonly { matches: (text: string) => boolean; message: string }[] = [
  {
    matches: (text) => !/\p{L}{2}/u.test(text),
    message: 'There are no words in it. Ask a question about the traces, such as “What are users asking for?”.',
  },
  {
    matches: (text) => /^(?:https?:\/\/|www\.)\S+$/i.test(text),
    message: 'This is a link, and links are not opened. Ask a question about the traces.',
  },
  {
    matches: (text) => /^(.{1,4})\1{7,}$/su.test(text.slice(0, 200)),
    message: 'The same again and again is no question. Ask what you would like to know about the traces.',
  },
  {
    matches: (text) =>
      /^(?:please |now )?(?:ignore|disregard|forget|override) (?:all |any |the |your |these |those )*(?:previous |prior |above |earlier |other )*(?:instructions|rules|prompts?|guidelines)\b/i.test(
        text,
      ) ||
      /^(?:please )?(?:reveal|print|repeat|show|tell|give)(?: me| us)? (?:your|the) (?:own |full |whole |hidden )*system ?prompt\b/i.test(
        text,
      ),
    message:
      'This is a command to the model, not a question about the traces. Say what you would like to know about them.',
  },
  {
    matches: (text) =>
      /^(?:please |can you |could you )*(?:write|compose|tell|sing|draw|paint|generate|create)(?: me| us)? (?:a|an|another|some) (?:[\p{L}-]+ ){0,3}(?:poems?|jokes?|songs?|stor(?:y|ies)|essays?|haikus?|limericks?|recipes?|lyrics|novels?|pictures?|images?)\b/iu.test(
        text,
      ) &&
      !/\b(?:traces?|conversations?|chats?|dialogues?|users?|customers?|callers?|agents?|assistants?|bots?|tickets?|sessions?|requests?)\b/i.test(
        text,
      ),
    message: 'This asks for something else than what the traces say. Ask a question about the traces.',
  },
]

/** What is wrong with an instruction, in a sentence that says what to do; `undefined` for one that can be tried. */
export function findInstructionProblem(instruction: string): string | undefined {
  const text = instruction.trim()
  return problems.find(({ matches }) => matches(text))?.message
}
