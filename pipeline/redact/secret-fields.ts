// Values that are secret because of the name before them: in JSON, in settings, in URLs, and in what people say.
import type { Finding } from './findings.ts'

const names =
  'pass(?:word|wd|phrase|code)|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key|account[_-]?key|shared[_-]?key|credentials?|authorization|x-api-key|signature|session[_-]?id|jsessionid|phpsessid|sessid|set-cookie|cookie|security[ _-]?code|verification[ _-]?code|one[- ]time[- ](?:pass)?(?:code|word)|passwort|kennwort|mot de passe|contraseña|senha|wachtwoord|(?<![a-z])(?:otp|pin|cvv2?|cvc2?|csc|tan|sig|auth)'
const inText = new RegExp(names, 'giu')
const wholeName = new RegExp(`(?:${names})(?:[_-]?(?:value|key|hash|text|plain|header))?$`, 'iu')
const digitsAreSecret = /(?:otp|pin|cvv2?|cvc2?|csc|tan|code)(?:[_-]?(?:value|number))?$/i
/** Tokens that text is made of, and tokens that turn pages. */
const harmless =
  /(?:page|next|prev|previous|continuation|cursor|eos|bos|pad|unk|cls|sep|mask|stop|start|end|special|max|min|num|total|per|of|count|first|last|delimiter|sync)[_\- ]?token$/i

/** After the name: the rest of it, the end of its quotes, and what separates it from its value. */
const separator =
  /(?:[_-]?(?:value|key|hash|text|plain|header))?\\{0,3}["'`]?[ \t]{0,3}(?:=>|:=|[:=]|(?<=cv[vc]2? )(?=\d{3})|(?<said>\b(?:is|was|ist|lautet|est|es)\b:?))[ \t]{0,3}/iuy
const scheme = /(?:Bearer|Basic|Token|Digest|ApiKey|Negotiate)[ \t]{1,3}/iuy
const unquoted = /[^\s,;&"'`<>{}()[\]\\|]{1,512}/uy
const longestValue = 4_096

/** What stands where a secret would, without being one. */
const stand =
  /^(?:null|none|nil|true|false|undefined|n\/?a|unknown|empty|missing|required|optional|invalid|expired|string|str|password|secret|token|value|changed?|reset|redacted|masked|hidden|your[\w-]*|my[\w-]*|[*•.xX#_-]+|<.*|\$\{?\w+\}?|%\w+%|\{.*|\[.*|process\.env.*|os\.environ.*|env\..*|not[ _].*)$/i

export function findSecretFields(text: string): Finding[] {
  const findings: Finding[] = []
  let from = 0
  for (const match of text.matchAll(inText)) {
    const end = match.index + match[0].length
    if (match.index < from) continue
    const name = text.slice(Math.max(0, match.index - 16), end)
    if (harmless.test(name)) continue
    separator.lastIndex = end
    const between = separator.exec(text)
    if (between === null) continue
    const found = findValue(text, separator.lastIndex, { name, isSaid: between.groups?.['said'] !== undefined })
    if (found === undefined) continue
    findings.push({ ...found, kind: 'secret' })
    from = found.end
  }
  return findings
}

type Span = { start: number; end: number }

function findValue(text: string, at: number, field: { name: string; isSaid: boolean }): Span | undefined {
  const quote = /^\\{0,3}["'`]/.exec(text.slice(at, at + 4))?.[0]
  if (quote !== undefined) return findQuoted(text, at + quote.length, quote)
  scheme.lastIndex = at
  const start = scheme.test(text) ? scheme.lastIndex : at
  unquoted.lastIndex = start
  const value = unquoted.exec(text)?.[0].replace(/[.!?:]+$/, '') ?? ''
  const isGlued = text[at - 1] === '=' && value.length >= 4 && !'(.['.includes(text[start + value.length] ?? ' ')
  const isDigits = /^\d+$/.test(value)
  const isSecret = isDigits
    ? value.length >= 3 && (digitsAreSecret.test(field.name) || (/pass|pwd/i.test(field.name) && value.length >= 4))
    : value.length >= 4 &&
      (isGlued || (/[\d]/.test(value) && /[^\d.,]/.test(value)) || (/\w[^\w\s.,'’-]/.test(value) && !field.isSaid))
  return isSecret && !isStandIn(value) ? { start, end: start + value.length } : undefined
}

/** To the closing quote of the same kind; where there is none (the text was cut), to the end of the line. */
function findQuoted(text: string, start: number, quote: string): Span | undefined {
  const window = text.slice(start, start + longestValue)
  let close = window.indexOf(quote)
  // A quote with one more backslash before it than ours stands inside the value.
  while (close > 0 && window[close - 1] === '\\' && (quote.length > 1 || window[close - 2] !== '\\')) {
    close = window.indexOf(quote, close + 1)
  }
  const lineEnd = /[\r\n]/.exec(window)?.index ?? window.length
  const value = window.slice(0, close === -1 ? lineEnd : close)
  return value.trim().length >= 3 && !isStandIn(value) ? { start, end: start + value.length } : undefined
}

function isStandIn(value: string): boolean {
  return stand.test(value.trim())
}

/** Whether a field of that name holds a secret, and so its value is one whatever it looks like. */
export function isSecretField(name: string, value: unknown): boolean {
  if (name.length > 100 || !wholeName.test(name) || harmless.test(name)) return false
  if (typeof value === 'number') return digitsAreSecret.test(name)
  return typeof value === 'string' && value.trim() !== '' && !isStandIn(value)
}
