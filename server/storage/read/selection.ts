import type { JsonObject } from '../../../streams/wire/mergePatch.ts'
import type { Aggregate } from '../../../streams/wire/requests.ts'
import { type Codec, codecOf, type RowReader } from '../engine/rowBinary.ts'

/** Makes a value a parameter of the query, and returns how the query names it. */
export type Bind = (value: string) => string

/** A column that is read: its expression, and its type as the answer has it. */
export interface Expression {
  readonly sql: string | ((bind: Bind) => string)
  readonly type: string
}

/** A part of a row that can be asked for. */
export interface Piece {
  /** The members that it fills, by their paths. Of a map by asset there are none, because only the rows know its assets. */
  readonly leaves: readonly string[]
  /** Whether each of its members is a measure, of which an average makes sense: a number and no time. */
  readonly isNumber: boolean
  readonly expressions: readonly Expression[]
  /** Puts its values, in the order of the expressions, into a row. Unknown ones stay absent. */
  put(row: JsonObject, values: readonly unknown[]): void
}

/** A piece that no row has. */
export const NOTHING: Piece = { leaves: [], isNumber: false, expressions: [], put: () => {} }

/** Aggregates that are no row of their own: the step is put together from all of its rows. */
export type Computed = Exclude<Aggregate, 'first' | 'last'>

/** Returns an aggregate that is computed; undefined if it is one of the rows. */
export const computedOf = (agg: Aggregate | undefined): Computed | undefined => (agg === 'first' || agg === 'last' ? undefined : agg)

/** The pieces that one query reads, each expression once. */
export class Selection {
  /** The expressions, for a SELECT. */
  readonly sql: readonly string[]
  /** Their values. */
  readonly parameters: Readonly<Record<string, string>>
  private readonly codecs: readonly Codec<unknown>[]
  private readonly places: readonly { readonly put: Piece['put']; readonly at: readonly number[] }[]

  /** With `agg` each expression is put together from the rows of a group. */
  constructor(pieces: readonly Piece[], agg?: Computed) {
    const parameters: Record<string, string> = {}
    const names = new Map<string, string>()
    const bind: Bind = value => {
      const name = names.get(value) ?? `field${names.size}`
      names.set(value, name)
      parameters[name] = value
      return `{${name}:String}`
    }
    const types = new Map<string, string>()
    this.places = pieces.map(({ expressions, put }) => ({
      put,
      at: expressions.map(({ sql, type }) => {
        const text = typeof sql === 'string' ? sql : sql(bind)
        const whole = agg === undefined ? text : `${agg}(${text})`
        types.set(whole, agg === 'avg' ? averageOf(type) : type)
        return [...types.keys()].indexOf(whole)
      }),
    }))
    this.sql = [...types.keys()]
    this.parameters = parameters
    this.codecs = [...types.values()].map(codecOf)
  }

  /** Reads the expressions of one row and puts them into it. */
  read(input: RowReader, row: JsonObject): void {
    const values = this.codecs.map(codec => codec.read(input))
    for (const { put, at } of this.places)
      put(
        row,
        at.map(i => values[i]),
      )
  }
}

const averageOf = (type: string): string => (type.startsWith('Nullable') ? 'Nullable(Float64)' : 'Float64')
