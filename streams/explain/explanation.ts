import type { Instrument } from '../market/market.ts'

/**
 * A figure and all that it comes from. With a `formula` the value follows from the inputs of that name; without one it is where the
 * computing begins, and `source` says where that is. Times and ages in ms.
 */
export interface Explained {
  readonly name: string
  /** An amount that somebody owns, or a raw integer, is a decimal string. */
  readonly value: number | string
  /**
   * `+`, `−`, `×`, `÷` and parentheses over names of inputs and numbers; `Σ`, `max`, `min`, `abs`, `sqrt` of arguments. An argument that no
   * input has as its name stands for all whose names begin with it and a dot: `Σ(worth)` adds `worth.BTC` and `worth.ETH`.
   */
  readonly formula?: string
  /** When it was made: the event time of a trade, a quote, a log, a row. */
  readonly t?: number
  readonly age?: number
  readonly source?: string
  readonly stale?: true
  readonly inputs?: readonly Explained[]
}

/** What is said of a value that is not computed. */
export interface Origin {
  readonly source: string
  /** ms; NaN or absent if no moment is known. */
  readonly t?: number
  readonly stale?: boolean
}

/** A formula, and its inputs once they are wanted. */
export type Computed = readonly [formula: string, inputs: readonly Explained[]]

/** Nodes of one answer: a figure of thousands of assets is explained by its own inputs, and these are not taken further apart. */
const NODES_MAX = 20_000

/** Puts one explanation together. What stands in it more than once is taken apart the first time. */
export class Explaining {
  /** The moment of the figures, ms. */
  readonly t: number
  private readonly told = new Set<string>()
  private nodes = 0

  constructor(t: number) {
    this.t = t
  }

  /** Returns a value that is not computed. */
  given(name: string, value: number | string, { source, t = Number.NaN, stale = false }: Origin): Explained {
    this.nodes += 1
    return { name, value, ...(Number.isFinite(t) && { t, age: this.t - t }), source, ...(stale && { stale: true }) }
  }

  /** Returns a value that follows from others. `key` names the figure, whatever it is called here; without one it is taken apart each time. */
  computed(name: string, value: number | string, make: () => Computed, key?: string): Explained {
    this.nodes += 1
    if (key !== undefined && this.told.has(key)) return { name, value, source: `${key}, taken apart elsewhere in this answer` }
    if (this.nodes > NODES_MAX) return { name, value, source: 'too many inputs to list here: ask for this figure itself' }
    if (key !== undefined) this.told.add(key)
    const [formula, inputs] = make()
    const times = inputs.flatMap(({ t }) => t ?? [])
    const newest = times.reduce((most, t) => Math.max(most, t), Number.NEGATIVE_INFINITY)
    const stale = inputs.some(input => input.stale)
    return { name, value, formula, ...(times.length > 0 && { t: newest, age: this.t - newest }), ...(stale && { stale: true }), inputs }
  }

  /** Returns the price of an instrument; undefined is the quote currency, whose price is 1. */
  price(name: string, instrument: Instrument | undefined, nameOf: (source: number) => string): Explained {
    if (instrument === undefined) return this.given(name, 1, { source: 'the quote currency' })
    const { symbol, price, t, stale, source } = instrument
    return this.given(name, price, { source: `tick:${symbol}, a trade of ${nameOf(source)}`, t, stale })
  }
}

/** One figure of a state by the pattern of its path, in which `*` stands for a name, and how it is explained. */
export interface Figure<Subject> {
  readonly pattern: string
  /** Returns the explanation of the figure at `path`; `names` are what `*` stands for. Undefined if the state has no such figure now. */
  explain(subject: Subject, path: string, names: readonly string[], by: Explaining): Explained | undefined
}

/** Returns the explanation of a figure of a list; undefined if none of them has this path, or it is not known now. */
export const explainIn = <Subject>(
  figures: readonly Figure<Subject>[],
  subject: Subject,
  path: string,
  by: Explaining,
): Explained | undefined => {
  for (const { pattern, explain } of figures) {
    const names = namesIn(pattern, path)
    if (names) return explain(subject, path, names, by)
  }
  return undefined
}

/** Returns what each `*` of a pattern stands for in a path; undefined if it does not fit. A name may hold dots itself. */
const namesIn = (pattern: string, path: string): string[] | undefined => {
  if (!pattern.includes('*')) return pattern === path ? [] : undefined
  const shape = pattern.split('*').map(part => part.replaceAll('.', '\\.'))
  return new RegExp(`^${shape.join('(.+)')}$`).exec(path)?.slice(1)
}
