import { expect, test } from 'vitest'
import { toLens } from '#/pipeline/builtin/lens.ts'

test.each([
  ['What are customers asking for?', 'requests'],
  ['Where does the agent fail and why?', 'failures'],
  ['How do conversations end?', 'outcomes'],
  ['Which tools are called?', 'tools'],
  ['Anything about invoices from Norway', 'terms'],
  ['Show me all of it', 'requests'],
  ['Wo versagt die Assistenz?', 'failures'],
  ['¿Qué piden los clientes?', 'requests'],
])('“%s” asks for %s', (question, kind) => {
  expect(toLens(question).kind).toBe(kind)
})

test.each([
  ['What do customers ask most, and where does the agent fail?', 'requests'],
  ['Where does the agent fail? What are the reasons?', 'failures'],
  ['How do conversations end and why are users unhappy?', 'outcomes'],
  ['Was wollen die Kunden und wo gibt es Fehler?', 'requests'],
  ['Read all of it; where does the agent fail?', 'failures'],
  // One question, however many things it names.
  ['Which questions and topics go wrong?', 'failures'],
])('of several questions the first that can be told decides: “%s” asks for %s', (question, kind) => {
  expect(toLens(question).kind).toBe(kind)
})
