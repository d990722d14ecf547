import type { Kind } from '../../../streams/wire/channels.ts'
import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import { type Column, table } from '../../lib/textTable.ts'
import { amount, fixed, percent, plain, price, short, span } from '../terminal/figures.ts'
import { bySign, figureAt, leavesOf, memberOf, type Space, signed, textAt } from './state.ts'

/** A channel as it is known now. */
export interface Known {
  readonly channel: string
  /** What follows the kind in its name. */
  readonly id: string
  /** Undefined before the first. */
  readonly state: JsonObject | undefined
  /** The server, or the lost line, says that it is not of now. */
  readonly stale: boolean
  /** ms since its newest state came; NaN before the first. */
  readonly age: number
  /** Why the server refused it. */
  readonly refused?: string
}

/** A figure of the table of a kind. */
interface Figure {
  readonly head: string
  /** Its place in the state. */
  readonly path: string
  readonly write: (value: number) => string
  /** The higher, the sooner it is left out. */
  readonly rank?: number
  /** It is a change: coloured by its sign. */
  readonly change?: true
}

/** Room for an age, so that the other columns do not move with it. */
const AGE = 8

const money = (value: number): string => fixed(value, 2)
const of6 = (value: number): string => price(value, 6)
const perCent = signed((value: number) => fixed(value * 100, 2))
const gain = signed(money)

/** The figures of each kind of which several channels make a table, the most important without a rank. */
const FIGURES: Partial<Record<Kind, readonly Figure[]>> = {
  tick: [
    { head: 'price', path: 'price', write: of6 },
    { head: 'bid', path: 'bid', write: of6, rank: 3 },
    { head: 'ask', path: 'ask', write: of6, rank: 3 },
    { head: 'low 24h', path: 'day.low', write: of6, rank: 5 },
    { head: 'high 24h', path: 'day.high', write: of6, rank: 5 },
    { head: 'volume 24h', path: 'day.volume', write: short, rank: 4 },
  ],
  candle: [
    { head: 'open', path: 'o', write: of6, rank: 4 },
    { head: 'high', path: 'h', write: of6, rank: 3 },
    { head: 'low', path: 'l', write: of6, rank: 3 },
    { head: 'close', path: 'c', write: of6 },
    { head: 'volume', path: 'v', write: short, rank: 2 },
    { head: 'trades', path: 'n', write: value => plain(value, 9), rank: 5 },
  ],
  fund: [
    { head: 'nav', path: 'nav', write: value => fixed(value, 4) },
    { head: 'market', path: 'market', write: value => fixed(value, 4), rank: 4 },
    { head: 'premium %', path: 'premium', write: perCent, rank: 3, change: true },
    { head: 'aum', path: 'aum', write: short, rank: 5 },
    { head: 'max drift %', path: 'maxDrift', write: value => fixed(value * 100, 2), rank: 4 },
  ],
  pnl: [
    { head: 'value', path: 'value', write: money },
    { head: 'day', path: 'day', write: gain, rank: 3, change: true },
    { head: 'unrealised', path: 'unrealised', write: gain, rank: 4, change: true },
    { head: 'realised', path: 'realised', write: gain, rank: 5, change: true },
    { head: 'total', path: 'total', write: gain, change: true },
  ],
  pool: [
    { head: 'price', path: 'price', write: value => plain(value, 7) },
    { head: 'tvl', path: 'tvl', write: short, rank: 2 },
    { head: 'volume 24h', path: 'volume24h', write: short, rank: 3 },
    { head: 'fees 24h', path: 'fees24h', write: short, rank: 4 },
    { head: 'trades 24h', path: 'trades24h', write: value => amount(value, 9), rank: 5 },
  ],
}

/** Returns whether several channels of a kind make a table. */
export const isTabled = (kind: Kind): boolean => FIGURES[kind] !== undefined

/** Returns the figures by which a line of text tells a channel's state, by their places: those of its table, else all of them. */
export const figuresOf = (kind: Kind | undefined, state: JsonObject): (readonly [path: string, value: string | number | boolean])[] => {
  const figures = kind === undefined ? undefined : FIGURES[kind]
  const all = [...leavesOf(state)]
  return figures === undefined ? all : all.filter(([path]) => figures.some(figure => figure.path === path))
}

/** Returns channels of one kind as a table, a line each: what is stale is dim and says so. */
export const summary = (kind: Kind, channels: readonly Known[], { width, paint }: Space): string[] => {
  const dim = ({ stale, state }: Known, text: string): string => (stale || state === undefined ? paint('dim', text) : text)
  const columns: Column<Known>[] = [
    { head: kind, cell: ({ id }) => id, left: true, least: 8, paint: dim },
    ...(FIGURES[kind] ?? []).map(
      ({ head, path, write, rank, change }): Column<Known> => ({
        head,
        cell: ({ state }) => (state === undefined ? undefined : figureAt(state, path, write)),
        paint: (known, text) =>
          change && !known.stale && known.state !== undefined ? bySign(paint, memberOf(known.state, path), text) : dim(known, text),
        ...(rank !== undefined && { rank }),
      }),
    ),
    { head: 'age', cell: ({ age }) => (Number.isNaN(age) ? undefined : span(age).padStart(AGE)), rank: 1, paint: dim },
    { head: '', cell: noteOf, left: true, least: 5, paint: (known, text) => (known.refused ? paint('red', text) : paint('yellow', text)) },
  ]
  return table(channels, columns, { width, head: line => paint('bold', line) }).split('\n')
}

/** What is special about a channel, in a word. */
const noteOf = ({ state, stale, refused }: Known): string => {
  if (refused !== undefined) return refused
  if (state === undefined) return 'waiting'
  if (stale || state.stale === true) return 'stale'
  if (textAt(state, 'halted') === 'true') return 'halted'
  if (memberOf(state, 'rebalance.needed') === true) return 'rebalance'
  if (state.pending !== undefined || state.unpriced !== undefined)
    return Object.keys((state.pending ?? state.unpriced) as object).length > 0 ? 'incomplete' : ''
  return state.partial === true ? 'partial' : ''
}

/** Returns a share as per cent with its sign, for a line of text. */
export const change = signed((share: number) => percent(share))
