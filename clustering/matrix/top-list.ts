/** Keeps the `limit` best of many (value, item) pairs: higher values first, lower items first among equals. */
export function createTopList(limit: number) {
  const items: number[] = []
  const values: number[] = []
  return {
    offer: (item: number, value: number) => {
      if (items.length === limit) {
        const worst = values[limit - 1]!
        if (value < worst || (value === worst && item > items[limit - 1]!)) return
        items.pop()
        values.pop()
      }
      let place = items.length
      while (place > 0 && (values[place - 1]! < value || (values[place - 1] === value && items[place - 1]! > item)))
        place--
      items.splice(place, 0, item)
      values.splice(place, 0, value)
    },
    /** A value below this one would not be kept. */
    least: (): number => (values.length < limit ? -Infinity : values[limit - 1]!),
    items: (): number[] => items.slice(),
  }
}
export type TopList = ReturnType<typeof createTopList>
