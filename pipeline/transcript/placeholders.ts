// Pictures, sounds and other blobs inside a text become a few readable words.

const attachment = /mlflow-attachment:\/\/[^\s"'<>)\]]+/g
const dataUrl = /data:([\w.+-]+\/[\w.+-]+)?(?:;[\w-]+=[\w.-]+)*;base64,[A-Za-z0-9+/=_-]+/g
const base64Run = /[A-Za-z0-9+/_-]{400,}={0,2}/g

/** The text with attachments, data URLs and long runs of base64 replaced by placeholders such as `[image/png, 12 kB]`. */
export function replaceBlobs(text: string): string {
  let out = text
  if (out.includes('mlflow-attachment://')) out = out.replace(attachment, describeAttachment)
  if (out.includes(';base64,')) {
    out = out.replace(dataUrl, (url, type: string | undefined) => `[${type ?? 'data'}, ${kiloBytes(url.length)}]`)
  }
  if (hasLongRun(out)) {
    out = out.replace(base64Run, (run) => (looksLikeBase64(run) ? `[base64, ${kiloBytes(run.length)}]` : run))
  }
  return out
}

const shortestRun = 400

/** Looks from the end of each window of 400 back to the last character that breaks a run: skips nearly all of the text. */
function hasLongRun(text: string): boolean {
  for (let start = 0; start + shortestRun <= text.length;) {
    let at = start + shortestRun - 1
    while (at >= start && isBase64Code(text.charCodeAt(at))) at -= 1
    if (at < start) return true
    start = at + 1
  }
  return false
}

function isBase64Code(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 65 && code <= 90) ||
    (code >= 47 && code <= 57) ||
    code === 43 ||
    code === 45 ||
    code === 95
  )
}

function describeAttachment(uri: string): string {
  const query = uri.split('?')[1] ?? ''
  const type = new URLSearchParams(query).get('content_type')
  return type !== null && /^[\w.+-]+\/[\w.+-]+$/.test(type) ? `[attachment: ${type}]` : '[attachment]'
}

/** `size` of a base64 text, as the bytes it stands for. */
function kiloBytes(size: number): string {
  return `${Math.max(1, Math.round((size * 0.75) / 1000))} kB`
}

/** A long word of one letter, or a hex digest, is text; bytes in base64 use all kinds of characters early. */
function looksLikeBase64(run: string): boolean {
  const head = run.slice(0, 300)
  const kinds = [/[a-z]/, /[A-Z]/, /[0-9]/].filter((kind) => kind.test(head)).length
  return kinds === 3 && new Set(head).size >= 24
}
