import type { AlertState } from '../../../../driftwire-client/src/index.ts'
import { plain, signedPercent } from '../../format/number.ts'
import { age, moment } from '../../format/time.ts'

/** An alert with its id, of a channel or of the store. */
export type Found = { readonly [K in keyof AlertState]: AlertState[K] | undefined } & { readonly id: string }

/** Members of the evidence that a sentence has taken. */
const TOLD = ['value', 'bound', 'median', 'mad', 'samples', 'before', 'change', 'from', 'changed', 'channels']

const text = (value: number | string | boolean | undefined): string => (typeof value === 'number' ? plain(value) : String(value))
const number = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** Returns how a value lies to the bound that it broke. */
const beyond = (value: number, bound: number): string => `${value < bound ? 'below' : 'above'} ${plain(bound)}`

/** Returns what an alert rests on, in words: figures as they are, in the unit of the figure. */
export const wordsOf = ({ evidence = {}, channel }: Found): string => {
  const rest = Object.entries(evidence).flatMap(([name, value]) => (TOLD.includes(name) ? [] : [`${name} ${text(value)}`]))
  return [...sentences(evidence, channel), ...rest].join('; ')
}

const sentences = (evidence: NonNullable<AlertState['evidence']>, channel: string | undefined): readonly string[] => {
  const [value, bound, before, change] = ['value', 'bound', 'before', 'change'].map(name => number(evidence[name]))
  const [median, mad, samples, from] = ['median', 'mad', 'samples', 'from'].map(name => number(evidence[name]))
  const [changed, channels] = ['changed', 'channels'].map(name => number(evidence[name]))
  if (channels !== undefined) return [`${plain(channels)} of ${channel} at once`]
  if (changed !== undefined)
    return [
      ...(value === undefined ? ['not known'] : [plain(value)]),
      `unchanged since ${moment(changed)} UTC${bound === undefined ? '' : `, longer than ${age(bound)}`}`,
    ]
  if (value === undefined) return []
  const usual =
    median === undefined ? [] : [`median of ${plain(samples ?? Number.NaN)} samples ${plain(median)}, MAD ${plain(mad ?? Number.NaN)}`]
  if (before !== undefined && change !== undefined && bound !== undefined)
    return [
      `from ${plain(before)} to ${plain(value)}${moved(before, value)}`,
      `change ${plain(change)}, ${beyond(change, bound)}`,
      ...usual,
    ]
  if (from !== undefined && bound !== undefined)
    return [`from ${plain(from)} to ${plain(value)}${moved(from, value)}`, `bound ${signedPercent(bound)}`]
  return [bound === undefined ? plain(value) : `${plain(value)}, ${beyond(value, bound)}`, ...usual]
}

const moved = (from: number, to: number): string => (from > 0 ? ` (${signedPercent(to / from - 1)})` : '')

/** Returns what else is to be said of an alert: that it is not sure yet, has fired again, is part of another. */
export const notesOf = ({ confirmed, times = 1, market }: Found): string =>
  [confirmed === false && 'unconfirmed', times > 1 && `fired ${times} times`, market !== undefined && 'in a market alert']
    .filter(Boolean)
    .join(', ')
