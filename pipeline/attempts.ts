// How often something was tried before it was given up: told by whoever tried, asked by whoever keeps the books.

const attempts = new WeakMap<object, number>()

/** Notes on the error that it is the last of so many attempts; answers the error. */
export function afterAttempts<E>(error: E, count: number): E {
  if (typeof error === 'object' && error !== null) attempts.set(error, count)
  return error
}

/** After how many attempts the error was given up; one where nobody said. */
export function attemptsOf(error: object): number {
  return attempts.get(error) ?? 1
}
