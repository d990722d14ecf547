import type { DestinationStream } from 'pino'
import { visible } from '../../lib/plainText.ts'
import type { Look, Paint } from './style.ts'

const LEVELS: Readonly<Record<number, readonly [word: string, look: Look]>> = {
  10: ['trace', 'dim'],
  20: ['debug', 'dim'],
  30: ['info', 'cyan'],
  40: ['warn', 'yellow'],
  50: ['error', 'red'],
  60: ['fatal', 'red'],
}

/** Returns a destination of the log that writes each line as a person reads it, instead of as JSON. */
export const readableLog = (write: (text: string) => void, paint: Paint): DestinationStream => ({
  write: line => write(`${readable(line, paint)}\n`),
})

/**
 * Returns a line of the log for a person: time in UTC, level, module, message, and the other fields as `name=value`. An error's stack follows,
 * indented. What is no JSON stays as it is.
 */
const readable = (line: string, paint: Paint): string => {
  const entry = entryOf(line)
  if (entry === undefined) return line.trimEnd()
  const { time, level, module = '', msg = '', err, ...fields } = entry
  const [word, look] = LEVELS[Number(level)] ?? [String(level), 'dim']
  const { message: why, stack } = (err ?? {}) as { message?: string; stack?: string }
  const parts = [
    paint('dim', new Date(Number(time)).toISOString().slice(11, 23)),
    paint(look, word.padEnd(5)),
    ...(module === '' ? [] : [paint('bold', visible(String(module)))]),
    visible(String(msg)) + (why === undefined ? '' : `: ${visible(why)}`),
    ...Object.entries(fields).map(([name, value]) => paint('dim', `${name}=${visible(textOf(value))}`)),
  ]
  const trace = Number(level) >= 50 && stack !== undefined ? stack.split('\n').slice(1) : []
  return [parts.join('  '), ...trace.map(step => paint('dim', `    ${visible(step.trim())}`))].join('\n')
}

const entryOf = (line: string): Record<string, unknown> | undefined => {
  try {
    return JSON.parse(line) as Record<string, unknown>
  } catch {
    return undefined
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' && !/[\s=]/.test(value) ? value : JSON.stringify(value))
