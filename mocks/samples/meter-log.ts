// The log that some customers paste whole: half-hourly readings of a house with solar panels. On most afternoons the
// grid's voltage rises and the inverter stops exporting, so that a reader who gets that far finds the cause.

const start = Date.UTC(2022, 4, 1)
const halfHourMs = 30 * 60_000

/** Noise in [0, 1) that depends on the line alone (an integer hash, Wellons' lowbias32). */
function noise(line: number): number {
  let x = line + 0x9e3779b9
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad)
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97)
  return ((x ^ (x >>> 15)) >>> 0) / 2 ** 32
}

function toLine(line: number): string {
  const time = new Date(start + line * halfHourMs)
  const hour = time.getUTCHours() + time.getUTCMinutes() / 60
  const sun = Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI)) * (hour > 6 && hour < 20 ? 1 : 0)
  const isTripped = hour >= 15 && hour < 17
  const volts = 234 + sun * 12 + (isTripped ? 8 : 0) + noise(line) * 3
  const exported = isTripped ? 0 : sun * (1.1 + noise(line + 7) * 0.4)
  const imported = 0.09 + noise(line + 13) * (hour > 17 && hour < 22 ? 0.9 : 0.2)
  const note = isTripped ? 'inverter=STANDBY reason=OV_GRID' : 'inverter=RUN'
  return `${time.toISOString().slice(0, 16)}Z import_kwh=${imported.toFixed(3)} export_kwh=${exported.toFixed(3)} volt=${volts.toFixed(1)} rssi=-${58 + Math.floor(noise(line + 29) * 20)} ${note}`
}

/** So many lines of the log. */
export function padText(lines: number): string {
  return Array.from({ length: lines }, (_, line) => toLine(line)).join('\n')
}
