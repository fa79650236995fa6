// A conversation as its author wrote it: one line of a *.jsonl file here. README.md says what each field means.
import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { z } from 'zod'

const ms = z.number().int().nonnegative().optional()
const userTurn = z.strictObject({ user: z.string() })
const assistantTurn = z.strictObject({ assistant: z.string(), ms })
const toolTurn = z
  .strictObject({
    tool: z.string().min(1),
    args: z.record(z.string(), z.unknown()),
    result: z.unknown().optional(),
    error: z.string().optional(),
    ms,
  })
  .refine(
    (turn) => (turn.result === undefined) !== (turn.error === undefined),
    'a tool turn has either a result or an error',
  )
const searchTurn = z.strictObject({
  search: z.string(),
  docs: z.array(z.strictObject({ title: z.string(), text: z.string() })),
  ms,
})
const turnKinds = ['user', 'assistant', 'tool', 'search'] as const

// Told apart by their key first, so that an error names the field and not "no member of the union".
const turn = z.unknown().transform((value, context): Turn => {
  const schemas = { user: userTurn, assistant: assistantTurn, tool: toolTurn, search: searchTurn }
  const kind = turnKinds.find((each) => typeof value === 'object' && value !== null && each in value)
  if (kind === undefined) {
    context.addIssue(`a turn is one of ${turnKinds.join(', ')}`)
    return z.NEVER
  }
  const parsed = schemas[kind].safeParse(value)
  if (parsed.success) return parsed.data
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message })
  return z.NEVER
})

export type Turn =
  | z.output<typeof userTurn>
  | z.output<typeof assistantTurn>
  | z.output<typeof toolTurn>
  | z.output<typeof searchTurn>

const authored = z
  .strictObject({
    id: z.string().regex(/^[a-z]+(-[a-z]+)*-\d+$/, 'must be a theme prefix and a number'),
    subtheme: z.string().min(1),
    at: z.iso.datetime(),
    user: z.string().min(1),
    session: z.string().min(1).optional(),
    lang: z.string().regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a BCP 47 tag'),
    turns: z.array(turn).min(1),
    state: z.enum(['OK', 'ERROR']).optional(),
    error: z.string().min(1).optional(),
    model: z.string().min(1).optional(),
    feedback: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[a-z_]+$/),
          value: z.boolean(),
          by: z.enum(['human', 'code']),
          comment: z.string().optional(),
        }),
      )
      .optional(),
    pad: z.strictObject({ turn: z.number().int().nonnegative(), lines: z.number().int().positive() }).optional(),
  })
  .refine((line) => (line.state === 'ERROR') === (line.error !== undefined), 'state ERROR and error go together')
  .refine((line) => line.turns[0] !== undefined && 'user' in line.turns[0], 'the first turn is the user')
  .refine((line) => line.pad === undefined || line.pad.turn < line.turns.length, 'pad names a turn that exists')

/** A conversation with the theme its file is named after. */
export type Conversation = z.output<typeof authored> & { theme: string }

/** The conversations of a file's text. Throws an error naming the file, the line and the field. */
export function parseConversations(file: string, text: string): Conversation[] {
  const theme = basename(file, '.jsonl')
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return []
    const at = `${basename(file)}:${index + 1}`
    let raw: unknown
    try {
      raw = JSON.parse(line)
    } catch (error) {
      throw new Error(`${at}: not valid JSON`, { cause: error })
    }
    const parsed = authored.safeParse(raw)
    if (parsed.success) return { ...parsed.data, theme }
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the line'}: ${message}`)
    throw new Error(`${at}: ${issues.join('; ')}`)
  })
}

/** Every conversation of a folder's *.jsonl files, oldest first. Throws on an invalid line or an id used twice. */
export async function readConversations(folder: string): Promise<Conversation[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).sort()
  const conversations: Conversation[] = []
  const seen = new Map<string, string>()
  for (const file of files) {
    for (const conversation of parseConversations(file, await readFile(join(folder, file), 'utf8'))) {
      const other = seen.get(conversation.id)
      if (other !== undefined) throw new Error(`${file}: the id ${conversation.id} is in ${other} already`)
      seen.set(conversation.id, file)
      conversations.push(conversation)
    }
  }
  return conversations.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || (a.id < b.id ? -1 : 1))
}
