// Keys and tokens: by the prefixes their makers gave them so that they can be found, by form, and by looking random.
import { type Finder, type Finding, findMatches } from './findings.ts'

/** Prefixes as their makers publish them for secret scanning (GitHub's list of supported patterns, gitleaks' rules). */
const prefixed = new RegExp(
  `(?<![A-Za-z0-9_-])(?:${[
    'sk-[A-Za-z0-9_-]{16,200}',
    '(?:sk|rk|pk|whsec)_(?:live|test)_[A-Za-z0-9]{10,200}',
    'whsec_[A-Za-z0-9+/=]{20,100}',
    'gh[pousr]_[A-Za-z0-9]{30,255}',
    'github_pat_[A-Za-z0-9_]{22,255}',
    'gl(?:pat|dt|rt|cbt|ptt|ft|soat)-[A-Za-z0-9_-]{16,100}',
    'xox[abeoprs]-[A-Za-z0-9-]{10,200}',
    'xapp-[A-Za-z0-9-]{10,200}',
    '(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}',
    'AIza[A-Za-z0-9_-]{35}',
    'ya29\\.[A-Za-z0-9_-]{20,400}',
    'GOCSPX-[A-Za-z0-9_-]{20,60}',
    'hf_[A-Za-z0-9]{30,60}',
    'npm_[A-Za-z0-9]{36}',
    'pypi-[A-Za-z0-9_-]{50,300}',
    'SG\\.[A-Za-z0-9_-]{16,64}\\.[A-Za-z0-9_-]{16,64}',
    'key-[0-9a-f]{32}',
    '(?:AC|SK)[0-9a-f]{32}',
    'shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}',
    'do[opr]_v1_[a-f0-9]{64}',
    'dapi[a-f0-9]{32}(?:-\\d)?',
    'dckr_pat_[A-Za-z0-9_-]{20,60}',
    'hv[sb]\\.[A-Za-z0-9_-]{20,300}',
    'sq0(?:atp|csp|idp)-[A-Za-z0-9_-]{20,60}',
    'EAA[A-Za-z0-9]{60,300}',
    'lin_api_[A-Za-z0-9]{32,60}',
    'sntry[su]_[A-Za-z0-9+/=_-]{40,300}',
    '(?:gsk|r8|tfp|fw|re|nfp|vercel|sbp|phc|phx|pat|PMAK|ATATT3|figd|secret|ntn|glc|rnd|sgp|pscale_tkn|pscale_pw)_[A-Za-z0-9_.-]{20,300}',
    'PMAK-[a-f0-9]{24}-[a-f0-9]{34}',
    'ATATT3[A-Za-z0-9_=-]{40,300}',
    '(?:xai|pplx|nvapi|csk|rpa|esk|tvly|fc|jina|voy|pa)-[A-Za-z0-9_-]{24,200}',
    'AGE-SECRET-KEY-1[A-Z0-9]{58}',
    '\\d{8,10}:AA[A-Za-z0-9_-]{33}',
    'eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{8,}(?:\\.[A-Za-z0-9_-]*)?',
  ].join('|')})`,
  'g',
)
const hooks =
  /https:\/\/(?:hooks\.slack\.com\/(?:services|workflows)|discord(?:app)?\.com\/api\/webhooks)\/[A-Za-z0-9_/-]{10,200}/g
const bearer =
  /(?<=\b(?:[Bb]earer|BEARER|Basic|Token)[ \t]{1,3})(?=[A-Za-z0-9._~+/-]{0,200}\d)[A-Za-z0-9._~+/-]{16,2000}={0,2}/g
/** `https://name:password@host`: the password alone. */
const urlPassword = /(?<=:\/\/[^\s:@/"'<>]{1,100}:)[^\s:@/"'<>]{1,200}(?=@[\w.[\]-])/g
const pemStart = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g
const pemEnd = /^-----END[A-Z0-9 ]{0,40}-----/
const pemBody = /^(?:[A-Za-z0-9+/=\s:,]|\\[nr])*/
const longestPem = 20_000

export const findTokens: Finder = (text) => {
  const isUrl = text.includes('://')
  return [
    ...findPems(text),
    ...(isUrl ? findMatches(text, hooks, 'secret') : []),
    ...findMatches(text, bearer, 'secret'),
    ...(isUrl ? findMatches(text, urlPassword, 'secret') : []),
    ...findInUnbroken(text, prefixed, (match) => /\d|\./.test(match) || match.length > 30),
  ]
}

/** What looks random without having any form that is known. */
export const findRandom: Finder = (text) =>
  // After # and @ a random name is a fragment of a URL or somebody's name.
  findInUnbroken(text, longRun, (match, start) => !'#@'.includes(text[start - 1] ?? ' ') && looksRandom(match))

/** No token is shorter, and few words are as long. */
const unbroken = /[A-Za-z0-9_.:+/=~-]{16,}/g

function findInUnbroken(text: string, pattern: RegExp, accept: (match: string, start: number) => boolean): Finding[] {
  const findings: Finding[] = []
  for (const { 0: run, index } of text.matchAll(unbroken)) {
    const found = findMatches(run, pattern, 'secret', (match, start) => accept(match, index + start))
    for (const { start, end, kind } of found) findings.push({ start: index + start, end: index + end, kind })
  }
  return findings
}

/** A private key up to its end, or, where the end is missing, as far as the key's own letters go. */
function findPems(text: string): Finding[] {
  const findings: Finding[] = []
  let from = 0
  let close = 0
  for (const { 0: head, index } of text.matchAll(pemStart)) {
    if (index < from) continue
    const bodyStart = index + head.length
    // Looked for once however many beginnings there are: a text full of those must not cost its square.
    if (close !== -1 && close < bodyStart) close = text.indexOf('-----END', bodyStart)
    const isClosed = close !== -1 && close - bodyStart < longestPem
    const tail = isClosed ? close : bodyStart
    from = tail + ((isClosed ? pemEnd : pemBody).exec(text.slice(tail, tail + longestPem))?.[0].length ?? 0)
    findings.push({ start: index, end: from, kind: 'secret' })
  }
  return findings
}

const longRun = /(?<![A-Za-z0-9_+/.-])[A-Za-z0-9_+/-]{24,}={0,2}(?![A-Za-z0-9_+/=])/g
const longestSecret = 400
/** Ids that model vendors and tracing libraries give their calls: random too, and nobody's secret. */
const knownId =
  /^(?:call|toolu|chatcmpl|cmpl|msg|resp|run|thread|asst|req|fc|rs|step|file|batch|item|event|evt|gen|srvtoolu|tr|trace|span|sess|session|conv|order|ord|cus|pi|in|sub|prod|price|ch|txn)[_-]/

/**
 * Letters of both cases and digits, mixed as no word or identifier mixes them. Hex alone (hashes, UUIDs), capitals with
 * digits (product codes) and words joined by dashes, underscores or capitals are left. Text of 400 characters and more is
 * data: it is replaced as such when the trace is read.
 */
function looksRandom(run: string): boolean {
  if (run.length > longestSecret || knownId.test(run)) return false
  if (!/[a-z]/.test(run) || !/[A-Z]/.test(run) || !/\d/.test(run)) return false
  if (/^[\da-f-]+$/i.test(run)) return false
  // Words, joined by whatever: in random text one letter in five stands in such a stretch.
  const inWords = run.match(/[A-Z]?[a-z]{3,}/g)?.join('').length ?? 0
  if (inWords > run.length / 2) return false
  let changes = 0
  for (let at = 1; at < run.length; at++) if (kindOf(run.charCodeAt(at)) !== kindOf(run.charCodeAt(at - 1))) changes++
  return changes / run.length > 0.38 && entropyOf(run) > 3.7
}

function kindOf(code: number): number {
  return code >= 97 ? 2 : code >= 65 ? 1 : 0
}

/** Bits a character (Shannon 1948). */
function entropyOf(text: string): number {
  const counts = new Map<string, number>()
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
  let bits = 0
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length)
  return bits
}
