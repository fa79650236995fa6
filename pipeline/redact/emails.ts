import type { Finding } from './findings.ts'

const longestLocal = 64
const longestDomain = 253
const isLocal = /[\p{L}\p{N}._%+'&=~-]/u
const domainStart =
  /^(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.){1,8}(?:xn--[a-z0-9-]{2,59}|\p{L}{2,24})(?![\p{L}\p{N}_])/u
/** `logo@2x.png` is a picture, `lodash@4.0.js` a file. */
const fileEnding =
  /\.(?:png|jpe?g|gif|svg|webp|avif|ico|bmp|tiff?|css|scss|js|mjs|ts|tsx|jsx|json|html?|xml|ya?ml|md|txt|pdf|zip|gz|tgz|woff2?|ttf|mp[34])$/i
const spelled =
  /(?<![\w.+-])[\w.+-]{1,64} ?[[({] ?at ?[\])}] ?(?:[a-z0-9-]{1,63} ?(?:\.|[[({] ?dot ?[\])}]) ?){1,4}[a-z]{2,24}(?!\w)/gi

/**
 * Addresses around an `@` (RFC 5322's dot-atoms, international ones included) and those spelled with `(at)`. Looks a
 * bounded way to both sides of each `@`, so that a megabyte of letters costs nothing.
 */
export function findEmails(text: string): Finding[] {
  const findings: Finding[] = []
  for (let at = text.indexOf('@'); at !== -1; at = text.indexOf('@', at + 1)) {
    const local = text.slice(localStart(text, at), at).replace(/^[.'&=~-]+/, '')
    if (local === '' || local.endsWith('.')) continue
    const domain = domainStart.exec(text.slice(at + 1, at + 1 + longestDomain))?.[0]
    if (domain === undefined || fileEnding.test(domain)) continue
    const end = at + 1 + domain.length
    // git@host.org:owner/repository is where code lives, and nobody's mailbox.
    if (local === 'git' && (text[end] === ':' || text[end] === '/')) continue
    findings.push({ start: at - local.length, end, kind: 'email' })
  }
  if (!/[[({] ?at ?[\])}]/i.test(text)) return findings
  for (const match of text.matchAll(spelled)) {
    findings.push({ start: match.index, end: match.index + match[0].length, kind: 'email' })
  }
  return findings
}

function localStart(text: string, at: number): number {
  let start = at
  while (start > 0 && at - start < longestLocal && isLocal.test(text[start - 1] ?? '')) start--
  return start
}
