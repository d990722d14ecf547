import { formatDecimal } from '../lib/decimal.ts'

/** ClickHouse's type of short texts that repeat. */
export const TEXT = 'LowCardinality(String)'
/** ClickHouse's type of a time in ms. */
export const TIME = "DateTime64(3, 'UTC')"

/** A kind of value: how it lies in a row, in a column of ClickHouse and in the state of a channel. */
export interface ValueType<T> {
  /** ClickHouse's type of the column. */
  readonly column: string
  /** The value before anything is known. */
  readonly initial: T
  /** How a channel shows it: rounded to the digits of the wire, with every digit, or as a text or a truth value. */
  readonly leaf: 'rounded' | 'exact' | 'value'
  /** Returns the value as JSON; NaN or undefined if the state has no such member. */
  json(value: T): number | string | boolean | undefined
}

const same = <T>(value: T): T => value

/** A measure in any unit; NaN if unknown. */
export const number: ValueType<number> = { column: 'Nullable(Float64)', initial: Number.NaN, leaf: 'rounded', json: same }
/** A measure that is zero until something happens. */
export const sum: ValueType<number> = { ...number, initial: 0 }
/** A measure whose every digit is shown; NaN if unknown. */
export const exact: ValueType<number> = { ...number, leaf: 'exact' }
/** A moment in ms; NaN if there is none. */
export const time: ValueType<number> = { ...exact, column: `Nullable(${TIME})` }
/** A whole number of 32 bits. */
export const int32: ValueType<number> = { ...exact, column: 'Nullable(Int32)' }
/** A count of 32 bits. */
export const uint32: ValueType<number> = { ...exact, column: 'Nullable(UInt32)' }
/** 10⁻¹⁸ of an asset or share that somebody owns, shown as a decimal string; undefined if unknown. */
export const amount: ValueType<bigint | undefined> = {
  column: 'Nullable(Decimal(76, 18))',
  initial: undefined,
  leaf: 'value',
  json: value => (value === undefined ? undefined : formatDecimal(value)),
}
/** A raw integer of a chain, shown as a decimal string; undefined if unknown. */
export const optionalRaw: ValueType<bigint | undefined> = {
  column: 'Nullable(UInt256)',
  initial: undefined,
  leaf: 'value',
  json: value => value?.toString(),
}
/** A raw integer of a chain that is known whenever its group is. */
export const raw: ValueType<bigint> = { ...optionalRaw, initial: 0n } as ValueType<bigint>
/** A short text. */
export const text: ValueType<string> = { column: TEXT, initial: '', leaf: 'value', json: same }
/** A short text; '' if there is none, which is not shown. */
export const optionalText: ValueType<string> = { ...text, json: value => value || undefined }
/** True or false. */
export const flag: ValueType<boolean> = { column: 'Bool', initial: false, leaf: 'value', json: same }

/** One figure: the member of the row, its kind of value, and its place in the state, with a dot below a branch. */
export interface Field<M extends string = string, T = unknown> {
  readonly form: 'field'
  readonly member: M
  readonly type: ValueType<T>
  readonly place: string
}

/** A figure that is shown and not stored. */
export interface ShownField<M extends string = string, T = unknown> extends Omit<Field<M, T>, 'form'> {
  readonly form: 'shown'
}

/** A figure that is stored and not shown: a later start goes on from it. */
export interface KeptField<M extends string = string, T = unknown> extends Omit<Field<M, T>, 'form'> {
  readonly form: 'kept'
}

/** Figures of each asset: a list of elements with `asset` and these members, in the table parallel arrays. */
export interface AssetList<M extends string = string, F extends readonly Field[] = readonly Field[]> {
  readonly form: 'list'
  readonly member: M
  /** Shown as an object for each asset, `{assets: {BTC: {qty, price}}}`, or as a map for each figure, `{prices: {BTC}, weights: {BTC}}`. */
  readonly shape: 'objects' | 'maps'
  readonly fields: F
}

/** Assets with a reason each, shown as `{BTC: reason}`: pairs, or names that all have the reason `fixed` and are absent if there are none. */
export interface Notes<M extends string = string, T extends string | undefined = string | undefined> {
  readonly form: 'notes'
  readonly member: M
  readonly fixed: T
}

/** Figures that are known together or not at all: an object that may be missing. */
export interface Group<M extends string = string, F extends readonly Field[] = readonly Field[]> {
  readonly form: 'group'
  readonly member: M
  readonly fields: F
}

/** Keeps the place of branches in the state whose columns come later in the table. */
export interface Place {
  readonly form: 'place'
  readonly branches: readonly string[]
}

/** One line of a measure's list. */
export type Entry = Field | ShownField | KeptField | AssetList | Notes | Group | Place

/** All that is known of a measure: its rows, their table, the state of its channel and its history follow from it. */
export interface Measure<K extends string = string, T extends string = string, E extends readonly Entry[] = readonly Entry[]> {
  /** Also the kind of its channels. */
  readonly kind: K
  /** ClickHouse's table. */
  readonly table: T
  /** In the order of the table's columns, after `id` and `t`. */
  readonly entries: E
}

/** Returns a measure. */
export const measure = <const K extends string, const T extends string, const E extends readonly Entry[]>(
  kind: K,
  table: T,
  entries: E,
): Measure<K, T, E> => ({ kind, table, entries })

/** Returns a stored figure; its place in the state is its member's name if none is given. */
export const field = <const M extends string, T>(member: M, type: ValueType<T>, place: string = member): Field<M, T> => ({
  form: 'field',
  member,
  type,
  place,
})

/** Returns a figure that is shown and not stored. */
export const shown = <const M extends string, T>(member: M, type: ValueType<T>): ShownField<M, T> => ({
  form: 'shown',
  member,
  type,
  place: member,
})

/** Returns a figure that is stored and not shown. */
export const kept = <const M extends string, T>(member: M, type: ValueType<T>): KeptField<M, T> => ({
  form: 'kept',
  member,
  type,
  place: member,
})

/** Returns a list of assets. */
export const list = <const M extends string, const F extends readonly Field[]>(
  member: M,
  shape: AssetList['shape'],
  fields: F,
): AssetList<M, F> => ({ form: 'list', member, shape, fields })

/** Returns assets with a reason each. */
export const reasons = <const M extends string>(member: M): Notes<M, undefined> => ({ form: 'notes', member, fixed: undefined })

/** Returns names of assets that all have one reason. */
export const names = <const M extends string>(member: M, reason: string): Notes<M, string> => ({ form: 'notes', member, fixed: reason })

/** Returns figures that are known together or not at all. */
export const group = <const M extends string, const F extends readonly Field[]>(member: M, fields: F): Group<M, F> => ({
  form: 'group',
  member,
  fields,
})

/** Returns the mark of branches whose columns come later. */
export const place = (...branches: string[]): Place => ({ form: 'place', branches })

type FieldMembers<F extends Field | ShownField | KeptField> = {
  readonly [X in F as X['member']]: X extends { type: ValueType<infer T> } ? T : never
}
type ListMembers<L extends AssetList> = { readonly [X in L as X['member']]: readonly ElementOf<X>[] }
type NoteMembers<N extends Notes> = {
  readonly [X in N as X['member']]: X['fixed'] extends string ? readonly string[] : readonly (readonly [asset: string, reason: string])[]
}
type GroupMembers<G extends Group> = { readonly [X in G as X['member']]?: FieldMembers<X['fields'][number]> }

/** An element of a list. */
export type ElementOf<L extends AssetList> = { readonly asset: string } & FieldMembers<L['fields'][number]>
/** A stored row: `t` is the end of the `storeMs` that it speaks of. */
export type RowOf<M extends Measure> = { readonly kind: M['kind']; readonly id: string; readonly t: number } & FieldMembers<
  Extract<M['entries'][number], Field | KeptField>
> &
  ListMembers<Extract<M['entries'][number], AssetList>> &
  NoteMembers<Extract<M['entries'][number], Notes>> &
  GroupMembers<Extract<M['entries'][number], Group>>
/** What is shown and not stored. */
export type ShownOf<M extends Measure> = Partial<FieldMembers<Extract<M['entries'][number], ShownField>>>

/** Returns the figures before anything is known: no lists, no groups, each figure its type's initial value. */
export const initialRow = <M extends Measure>({ kind, entries }: M, id: string): RowOf<M> & ShownOf<M> => {
  const members: [string, unknown][] = [
    ['kind', kind],
    ['id', id],
    ['t', 0],
  ]
  for (const entry of entries) {
    if (entry.form === 'field' || entry.form === 'shown' || entry.form === 'kept') members.push([entry.member, entry.type.initial])
    else if (entry.form === 'list' || entry.form === 'notes') members.push([entry.member, []])
  }
  // Not built member by member: such an object is slow to write to, and figures are written every frame.
  return Object.fromEntries(members) as RowOf<M> & ShownOf<M>
}
