const names = new Intl.DisplayNames(undefined, { type: 'language', fallback: 'code' })

/** `German` for `de`; a tag nobody knows stays the tag. */
export function languageName(tag: string): string {
  try {
    return names.of(tag) ?? tag
  } catch {
    return tag
  }
}
