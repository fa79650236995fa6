import { expect, test } from 'vitest'
import { createBuiltinAnalyst } from '#/pipeline/builtin/analyst.ts'
import { isEasy, routeEasy } from '#/pipeline/route-easy.ts'
import { createRepeatedText } from '#/pipeline/transcript/repeated-text.ts'
import { toTranscript } from '#/pipeline/transcript/to-transcript.ts'
import { createPlainAnalyst, traceSaying } from '#/test/support/plain-world.ts'

const transcriptOf = (text: string, change: Parameters<typeof traceSaying>[2] = {}) =>
  toTranscript(traceSaying('tr-1', text, change), { known: createRepeatedText() })
const { signal } = new AbortController()

test('one short sentence is easy; a long one, and one that ended in an error, are not', () => {
  expect(isEasy(transcriptOf('Where is my parcel?'))).toBe(true)
  expect(isEasy(transcriptOf('Where is my parcel? '.repeat(30)))).toBe(false)
  expect(isEasy(transcriptOf('Where is my parcel?', { state: 'ERROR' }))).toBe(false)
})

test('easy traces go to the built-in analyst, which is named as their author, and all others to the model', async () => {
  const analyst = routeEasy(createPlainAnalyst(), createBuiltinAnalyst())
  const by = async (text: string): Promise<string> =>
    (await analyst.summarize({ instruction: 'What is asked?', transcript: transcriptOf(text) }, { signal })).model
  expect(await by('Where is my parcel?')).toBe('builtin')
  expect(await by('Where is my parcel? '.repeat(30))).toBe('plain')
})
