// JSON text as Python writes it, because MLflow's filters compare that text: `3.0`, `["a", 3]`, `{"x": true}`.

/**
 * JSON with Python's separators. With `floats`, whole numbers get `.0`: protobuf's `Value` knows only doubles, so an
 * assessment's 3 is stored as `3.0`.
 */
export function toPythonJson(value: unknown, options: { floats?: boolean } = {}): string {
  if (Array.isArray(value)) return `[${value.map((each) => toPythonJson(each, options)).join(', ')}]`
  if (typeof value === 'number') return toPythonNumber(value, options.floats === true)
  if (typeof value === 'object' && value !== null && !JSON.isRawJSON(value)) {
    const entries = Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${toPythonJson(each, options)}`)
    return `{${entries.join(', ')}}`
  }
  return JSON.stringify(value ?? null)
}

// Python turns to exponents below 1e-4 and writes them with two digits; JavaScript below 1e-6 and with one.
function toPythonNumber(value: number, asFloat: boolean): string {
  if (!Number.isFinite(value)) return 'null'
  if (Number.isInteger(value) && Math.abs(value) < 1e16) return asFloat ? `${value}.0` : String(value)
  const text = Math.abs(value) < 1e-4 ? value.toExponential() : String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Parses JSON; `undefined` where the text is not JSON. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
