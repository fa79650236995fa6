// The ticked traces of each experiment. They may be thousands, too many for an address, so they live in this tab's
// session storage: a reload and the way to the creation form keep them.
import { useCallback, useSyncExternalStore } from 'react'

const listeners = new Set<() => void>()
const selections = new Map<string, ReadonlySet<string>>()
const none: ReadonlySet<string> = new Set()
const keyOf = (experimentId: string) => `trace-insights.selection.${experimentId}`

function readSelection(experimentId: string): ReadonlySet<string> {
  const known = selections.get(experimentId)
  if (known !== undefined) return known
  let read: ReadonlySet<string> = none
  try {
    const stored: unknown = JSON.parse(sessionStorage.getItem(keyOf(experimentId)) ?? '[]')
    if (Array.isArray(stored)) read = new Set(stored.filter((id): id is string => typeof id === 'string'))
  } catch {
    // Nothing kept, or not readable: nothing is selected.
  }
  selections.set(experimentId, read)
  return read
}

function writeSelection(experimentId: string, selection: ReadonlySet<string>): void {
  selections.set(experimentId, selection)
  try {
    sessionStorage.setItem(keyOf(experimentId), JSON.stringify([...selection]))
  } catch {
    // Full or forbidden storage: the selection still lives until the tab is reloaded.
  }
  for (const listener of listeners) listener()
}

const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => {
    listeners.delete(listener)
  }
}

/** The selected trace ids of an experiment, and how to change them. */
export function useSelection(experimentId: string) {
  const selection = useSyncExternalStore(subscribe, () => readSelection(experimentId))
  const set = useCallback((next: ReadonlySet<string>) => writeSelection(experimentId, next), [experimentId])
  return [selection, set] as const
}
