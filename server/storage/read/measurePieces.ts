import { NAME } from '../../../streams/lib/names.ts'
import type { AssetList, Entry, Field, Measure, Notes } from '../../../streams/measures/fields.ts'
import { MEASURES, type MeasureKind } from '../../../streams/measures/rows.ts'
import type { Json, JsonObject } from '../../../streams/wire/mergePatch.ts'
import { setAt } from '../../../streams/wire/statePath.ts'
import { columnName, TEXT } from '../engine/tables.ts'
import type { Known } from './fields.ts'
import { type Expression, NOTHING, type Piece } from './selection.ts'

/** Types of columns whose values are measures: numbers, and no times. */
const NUMBERS = new Set(['Nullable(Float64)', 'Nullable(Int32)', 'Nullable(UInt32)'])

const put = (row: JsonObject, keys: readonly string[], { type }: Field, value: unknown): void => {
  const json = value === undefined ? undefined : type.json(value)
  if (json !== undefined && !Number.isNaN(json)) setAt(row, keys, json)
}

/** A figure with one place in the state. */
const figure = (field: Field, keys: readonly string[], sql: Expression['sql']): Piece => ({
  leaves: [keys.join('.')],
  isNumber: NUMBERS.has(field.type.column),
  expressions: [{ sql, type: field.type.column }],
  put: (row, [value]) => put(row, keys, field, value),
})

/** Several pieces as one. */
const together = (pieces: readonly Piece[]): Piece => ({
  leaves: pieces.flatMap(({ leaves }) => leaves),
  isNumber: pieces.every(({ isNumber }) => isNumber),
  expressions: pieces.flatMap(({ expressions }) => expressions),
  put(row, values) {
    let from = 0
    for (const { expressions, put } of pieces) {
      put(row, values.slice(from, from + expressions.length))
      from += expressions.length
    }
  },
})

/** Several members of each asset, or entries of notes: arrays, the first of which has the names. */
const byAsset = (expressions: readonly Expression[], set: (row: JsonObject, asset: string, i: number, value: unknown) => void): Piece => ({
  leaves: [],
  isNumber: false,
  expressions,
  put(row, [assets, ...columns]) {
    for (const [n, asset] of (assets as readonly string[]).entries())
      for (const [i, column] of columns.entries()) set(row, asset, i, (column as readonly unknown[])[n])
  },
})

const quoted = (...names: string[]): string => `\`${names.map(columnName).join('.')}\``
const namesOf = (member: string): Expression => ({ sql: quoted(member, 'asset'), type: `Array(${TEXT})` })
const columnOf = (member: string, field: Field): Expression => ({ sql: quoted(member, field.member), type: `Array(${field.type.column})` })

/** Keys of a list's figure in the state. */
const keysIn = ({ member, shape }: AssetList, { place }: Field, asset: string): string[] =>
  shape === 'objects' ? [member, asset, place] : [place, asset]

/** One figure of one asset. A list that does not have the asset says nothing of it. */
const ofAsset = (list: AssetList, field: Field, asset: string): Piece => {
  const { member } = list
  const sql: Expression['sql'] = bind => `${quoted(member, field.member)}[indexOf(${quoted(member, 'asset')}, ${bind(asset)})]`
  return figure(field, keysIn(list, field, asset), sql)
}

/** The figures of all assets. */
const ofAssets = (list: AssetList, fields: readonly Field[]): Piece =>
  byAsset([namesOf(list.member), ...fields.map(field => columnOf(list.member, field))], (row, asset, i, value) => {
    const field = fields[i]!
    put(row, keysIn(list, field, asset), field, value)
  })

const ofNotes = ({ member, fixed }: Notes): Piece =>
  fixed === undefined
    ? byAsset([namesOf(member), { sql: quoted(member, 'why'), type: `Array(${TEXT})` }], (row, asset, _, why) =>
        setAt(row, [member, asset], why as Json),
      )
    : {
        leaves: [],
        isNumber: false,
        expressions: [{ sql: quoted(member), type: `Array(${TEXT})` }],
        put(row, [assets]) {
          for (const asset of assets as readonly string[]) setAt(row, [member, asset], fixed)
        },
      }

/** The note of one asset. */
const ofNote = ({ member, fixed }: Notes, asset: string): Piece => ({
  leaves: [`${member}.${asset}`],
  isNumber: false,
  expressions: [
    fixed === undefined
      ? { sql: bind => `${quoted(member, 'why')}[indexOf(${quoted(member, 'asset')}, ${bind(asset)})]`, type: TEXT }
      : { sql: bind => `if(has(${quoted(member)}, ${bind(asset)}), ${bind(fixed)}, '')`, type: 'String' },
  ],
  put(row, [why]) {
    if (why !== '') setAt(row, [member, asset], why as Json)
  },
})

/** Returns the pieces of an entry that have names of their own. */
const named = (entry: Entry): [string, Piece][] => {
  switch (entry.form) {
    case 'field':
      // A stored row's own time stands at `t`.
      return entry.place === 't' ? [] : [[entry.place, figure(entry, entry.place.split('.'), quoted(entry.member))]]
    case 'group':
      return entry.fields.flatMap(named)
    case 'notes':
      return [[entry.member, ofNotes(entry)]]
    case 'list':
      return entry.shape === 'maps'
        ? entry.fields.map(field => [field.place, ofAssets(entry, [field])])
        : [[entry.member, ofAssets(entry, entry.fields)]]
    case 'shown':
    case 'kept':
    case 'place':
      return []
  }
}

/** All that can be asked of a measure by a name that no asset is part of: figures, maps, and the branches that figures stand in. */
const catalogue = ({ entries }: Measure): ReadonlyMap<string, Piece> => {
  const pieces = new Map(entries.flatMap(named))
  const branches = new Map<string, Piece[]>()
  for (const [name, piece] of pieces) {
    const branch = name.slice(0, name.indexOf('.') + 1).slice(0, -1)
    if (branch !== '') branches.set(branch, [...(branches.get(branch) ?? []), piece])
  }
  for (const [branch, parts] of branches) pieces.set(branch, together(parts))
  return pieces
}

const CATALOGUES = Object.fromEntries(Object.entries(MEASURES).map(([kind, measure]) => [kind, catalogue(measure)])) as Readonly<
  Record<MeasureKind, ReadonlyMap<string, Piece>>
>

/** Returns what a name such as `weights.BTC` or `assets.BTC.qty` asks of an entry; undefined if it asks nothing of it. */
const inEntry = (entry: Entry, name: string): Piece | undefined => {
  const below = (branch: string): string | undefined => {
    const rest = name.startsWith(`${branch}.`) ? name.slice(branch.length + 1) : undefined
    return rest !== undefined && NAME.test(rest) ? rest : undefined
  }
  if (entry.form === 'notes') {
    const asset = below(entry.member)
    return asset === undefined ? undefined : ofNote(entry, asset)
  }
  if (entry.form !== 'list') return undefined
  if (entry.shape === 'maps') {
    for (const field of entry.fields) {
      const asset = below(field.place)
      if (asset !== undefined) return ofAsset(entry, field, asset)
    }
    return undefined
  }
  const rest = below(entry.member)
  if (rest === undefined) return undefined
  const field = entry.fields.find(({ place }) => rest.endsWith(`.${place}`) && NAME.test(rest.slice(0, -place.length - 1)))
  if (field) return ofAsset(entry, field, rest.slice(0, -field.place.length - 1))
  return together(entry.fields.map(each => ofAsset(entry, each, rest)))
}

/** Members of hours of portfolios: no stored state has them. */
const HOURS_ONLY = /^carried(\.|$)/

const pieceOf = (kind: MeasureKind, name: string): Piece | undefined => {
  const found = CATALOGUES[kind].get(name)
  if (found) return found
  for (const entry of MEASURES[kind].entries as readonly Entry[]) {
    const piece = inEntry(entry, name)
    if (piece) return piece
  }
  return kind === 'pnl' && HOURS_ONLY.test(name) ? { ...NOTHING, leaves: name === 'carried' ? [] : [name] } : undefined
}

/** Returns what can be asked of a measure's states: figures, maps, branches, and what they say of one asset (`weights.BTC`, `assets.BTC.qty`). */
export const measureFields = (kind: MeasureKind): Known => ({
  time: 't',
  piece: name => pieceOf(kind, name),
  names: () => [...CATALOGUES[kind].keys()],
  numbers: () => [...CATALOGUES[kind]].filter(([name, { isNumber, leaves }]) => isNumber && leaves[0] === name).map(([name]) => name),
})
