// A model's words made fit to be shown: one line, no control characters, no longer than promised.
import { shorten } from '../names.ts'
import { dropControls } from '../transcript/render-turns.ts'

export const maxTitleWords = 10

/** One paragraph of at most `maxChars` characters, which no reader of Markdown or HTML takes for a link, picture or tag. */
export function tidyText(text: string, maxChars: number): string {
  return shorten(defuse(dropControls(text)).replace(/\s+/g, ' ').trim(), maxChars)
}

/** MLflow shows some of these words as Markdown, and a trace may have asked the model to write a picture that tells. */
function defuse(text: string): string {
  return text.replaceAll('](', '] (').replace(/<(?=[a-z!/?])/gi, '‹')
}

/** A title of at most `maxWords` words without quotation marks around it or a period after it. */
export function tidyTitle(text: string, maxWords: number = maxTitleWords): string {
  const bare = tidyText(text, 160)
    .replace(/^["'“”„«»‘’`*#\s]+|["'“”„«»‘’`*\s]+$/g, '')
    .replace(/(?<!\.)\.$/, '')
  const words = bare.split(' ')
  return words.length <= maxWords
    ? bare
    : words
        .slice(0, maxWords)
        .join(' ')
        .replace(/[,;:–—-]+$/, '')
}

/** The tag in its canonical spelling, `und` when it is none. */
export function tidyLanguage(tag: string): string {
  try {
    return Intl.getCanonicalLocales(tag.trim().replaceAll('_', '-'))[0] ?? 'und'
  } catch {
    return 'und'
  }
}
