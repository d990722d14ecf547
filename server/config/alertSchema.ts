import { z } from 'zod'
import { isPattern } from '../../streams/alerts/rule.ts'
import { SEVERITIES } from '../../streams/wire/alerts.ts'
import { kindOf, parseChannel } from '../../streams/wire/channels.ts'
import { ms, name } from './forms.ts'

const span = z.int().min(0)
const above0 = z.number().gt(0)
const side = z.enum(['above', 'below', 'both']).default('both')

/** A figure's path in a state. */
const figure = z.string().min(1).max(200).describe('a path in the state, such as "inav.mid"')

const other = z
  .string()
  .refine(text => parseChannel(text.replace('*', 'A')) !== undefined, 'a channel such as "tick:ETH-USD" or "tick:*-USD"')

/** What may stand for `*`, to see whether there can be channels of such names. */
const ENDINGS = ['A', 'A-B', '1m:A-B']

/** Returns whether rules can look at a channel, or at all whose names begin alike. They cannot at what they make themselves, nor at what each client has of its own. */
const canBeWatched = (channel: string): boolean => {
  const names = channel.endsWith('*') ? ENDINGS.map(ending => channel.slice(0, -1) + ending) : [channel]
  return names.some(text => {
    const kind = parseChannel(text)?.kind
    return kind !== undefined && kind !== 'alerts' && kind !== 'allalerts' && kindOf(kind).readers !== 'own'
  })
}

const channels = z
  .string()
  .refine(
    canBeWatched,
    'a channel such as "fund:TOP10", or the beginning of names and "*", such as "pool:*"; not alerts, allalerts, orders or holdings',
  )
  .describe('a channel, or all whose names begin alike: "pool:*"')

/** An alert that cleared further out than it fires would open and clear with each change. */
const CLEARS_WITHIN = { error: 'clear at most by' }

const away = z
  .strictObject({
    from: z.number().default(0),
    by: above0,
    clear: above0.optional().describe('it clears within this distance; `by` unless set'),
  })
  .refine(({ by, clear = by }) => clear <= by, CLEARS_WITHIN)

const moves = z
  .strictObject({
    by: above0.describe('a fraction'),
    withinMs: ms,
    side,
    clear: above0.optional().describe('it clears when it has moved by less than this; half of `by` unless set'),
  })
  .refine(({ by, clear = by }) => clear <= by, CLEARS_WITHIN)
  .refine(({ by, side }) => side !== 'below' || by < 1, { error: 'by below 1, because nothing falls by more than itself' })

const deviates = z
  .strictObject({
    mads: z.number().min(0).default(6).describe('times 1.4826 × MAD'),
    least: z.number().min(0).default(0).describe('and at least this'),
    everyMs: ms.describe('one sample in this time'),
    window: z.int().min(3).max(10_000).default(90).describe('samples that the median is taken of'),
    samples: z.int().min(2).max(10_000).optional().describe('samples that there must be; two thirds of `window` unless set'),
    side,
    logs: z.boolean().default(false).describe('compare logarithms'),
    change: z.boolean().default(false).describe('compare the change from one sample to the next'),
    clear: z
      .number()
      .min(0)
      .optional()
      .describe('the part of the distance within which it clears; of a change, the fraction of the value before'),
    lastsMs: ms.optional().describe('a change is the new level after this time; seven samples unless set'),
    at: figure.optional().describe('the figure that is the time of the sample'),
  })
  .refine(({ mads, least }) => mads > 0 || least > 0, { error: 'mads or least above 0, because every figure is away from its median' })
  .refine(({ window, samples = 2 }) => samples <= window, { error: 'samples at most window' })
  .refine(({ change, clear = 0 }) => (change ? clear < 1 : clear <= 1), { error: 'clear at most 1, of a change below it' })

/** What a rule fires on: exactly one of these. */
const CONDITIONS = ['above', 'below', 'away', 'moves', 'deviates', 'unchangedForMs', 'is'] as const

const rule = z
  .strictObject({
    id: name,
    channel: channels,
    figure,
    above: z.number().optional(),
    below: z.number().optional(),
    clearBy: z.number().min(0).default(0).describe('how far within `above` or `below` it clears'),
    away: away.optional().describe('further than `by` from a value'),
    moves: moves.optional().describe('moved by a fraction within a time'),
    deviates: deviates.optional().describe('away from the median of its past'),
    unchangedForMs: ms.optional(),
    is: z.union([z.string(), z.boolean()]).optional(),
    against: z
      .strictObject({ channel: other, figure })
      .optional()
      .describe('what is judged is the figure ÷ this one − 1; `*` in its channel is what `*` in `channel` stands for'),
    onlyAbove: z.strictObject({ figure, value: z.number() }).optional().describe('counts only while this figure is above a value'),
    severity: z.enum(SEVERITIES).default('warning'),
    forMs: span.default(0).describe('how long it has to hold before it fires'),
    clearForMs: span.default(0).describe('how long it has to be over before it clears'),
    confirmMs: span.default(0).describe('for how long it counts as unconfirmed'),
    together: z
      .strictObject({ atLeast: z.int().min(2), withinMs: ms })
      .optional()
      .describe('alerts about this number of channels within this time are one market alert'),
  })
  .refine(given => conditionsOf(given) === 1, { error: `one condition: above or below (or both), ${CONDITIONS.slice(2).join(', ')}` })
  .refine(({ above, below, clearBy }) => above === undefined || below === undefined || below + clearBy <= above - clearBy, {
    error: 'below + clearBy at most above − clearBy',
  })
  .refine(({ above, below, clearBy }) => clearBy === 0 || above !== undefined || below !== undefined, {
    error: 'clearBy only with above or below',
  })
  .refine(given => given.is === undefined || given.against === undefined, { error: 'against only with a figure that is a number' })
  .refine(({ channel, against }) => isPattern(channel) || against === undefined || !against.channel.includes('*'), {
    error: 'no "*", because channel has none that it could stand for',
  })
  .refine(({ channel, together }) => isPattern(channel) || together === undefined, {
    error: 'together only with a channel that ends in "*": one channel is not many',
  })

const conditionsOf = (given: Readonly<Partial<Record<(typeof CONDITIONS)[number], unknown>>>): number =>
  CONDITIONS.filter(key => given[key] !== undefined && !(key === 'below' && given.above !== undefined)).length

const webhook = z.strictObject({
  url: z
    .url({ protocol: /^https?$/, error: 'an address such as "https://desk.example/alerts"' })
    .refine(text => !URL.canParse(text) || (new URL(text).username === '' && new URL(text).password === ''), {
      error: 'an address without name and password: messages are signed instead',
      abort: true,
    }),
  least: z.enum(SEVERITIES).default('info').describe('the least severity that it gets'),
  all: z.boolean().default(false).describe('it also gets alerts about channels that not everybody reads'),
})

/** What is watched, and who hears of it. */
export const alertSchema = z.strictObject({
  builtIn: z.boolean().default(false).describe('rules that come with the server'),
  rules: z.array(rule).max(100_000).default([]),
  webhooks: z.array(webhook).max(20).default([]).describe('addresses that get what happens to alerts'),
})

/** A rule as the configuration has it. */
export type ConfiguredRule = z.infer<typeof rule>

/** The alerts of the configuration. */
export type AlertConfig = z.infer<typeof alertSchema>
