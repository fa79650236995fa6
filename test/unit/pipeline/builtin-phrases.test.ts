import { describe, expect, test } from 'vitest'
import { deedOf, pluralOf, withArticle } from '#/pipeline/builtin/noun-forms.ts'
import { phrasesOf } from '#/pipeline/builtin/phrase-finder.ts'

const textsOf = (text: string, language = 'en') => phrasesOf(text, language).map((phrase) => phrase.text)

describe('phrases of a sentence', () => {
  test('half of an adjective starts none', () => {
    const phrases = textsOf('I am looking for a moderately priced restaurant')
    expect(phrases).toContain('restaurant')
    expect(phrases).not.toContain('priced restaurant')
  })

  const wanted: [string, string, string[]][] = [
    ['a request', 'I would like to cancel part of my order', ['cancel part of an order']],
    ['a verb and its thing', 'How do I reset my password?', ['reset a password']],
    ['a verb and an uncountable thing', 'Can we play trivia?', ['play trivia']],
    ['a thing of two words', 'My export payment is late.', ['export payment', 'export payment late']],
    ['a state', 'the thermostat is offline since the update', ['thermostat offline']],
    ['a denied verb', "My card hasn't arrived yet", ['card not arrived']],
    ['what is missing', 'no hot water this morning', ['no hot water']],
    ['what was not received', "I haven't received my refund", ['refund not received']],
    ['what was lost', 'I lost my debit card', ['lost debit card']],
    ['a thing of a thing', 'Where is the proof of address?', ['proof of address']],
    ['how long it takes', 'How long does a transfer take?', ['transfer time']],
  ]
  test.each(wanted)('hold %s', (_name, text, expected) => {
    expect(textsOf(text)).toEqual(expect.arrayContaining(expected))
  })

  const forbidden: [string, string][] = [
    ['units', 'used 3,900 kWh in a month'],
    ['months and days', 'my July bill came on Monday'],
    ['greetings', 'Hello, hi there'],
    ['negated helpers', "I haven't had a bill since"],
    ['adverbs', 'it is still being billed today'],
  ]
  test.each(forbidden)('never are %s', (_name, text) => {
    for (const phrase of textsOf(text)) {
      expect(phrase).not.toMatch(/\b(?:kwh|month|july|monday|hello|hi|haven't|had|still|being|today|since)\b/i)
    }
  })

  test('German nouns keep their capitals', () => {
    expect(textsOf('Warum ist meine Rechnung so hoch?', 'de')).toContain('Rechnung')
  })
})

describe('nouns', () => {
  test.each([
    ['meter reading', 'meter readings'],
    ['battery', 'batteries'],
    ['electricity', 'electricity'],
    ['bills', 'bills'],
    ['address', 'addresses'],
  ])('%s in the plural is %s', (one, many) => expect(pluralOf(one)).toBe(many))

  test('a single thing has an article, others have none', () => {
    expect(['password', 'order', 'trivia', 'items', 'Apple Pay'].map(withArticle)).toEqual([
      'a password',
      'an order',
      'trivia',
      'items',
      'Apple Pay',
    ])
  })

  test('a deed has a noun', () => {
    expect(deedOf('cancel', 'orders')).toBe('order cancellation')
    expect(deedOf('play', 'trivia')).toBe('trivia')
  })
})
