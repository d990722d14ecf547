import { emptyObject, type JsonObject } from '../wire/mergePatch.ts'
import type { AssetList, Entry, Field, Group, Notes } from './fields.ts'
import { MEASURES, type MeasureRow } from './rows.ts'

type Members = Readonly<Record<string, unknown>>
/** Puts what an entry of a measure's list says of a row into the row's state. */
type Writer = (state: JsonObject, row: Members) => void

/** Returns the state that a row speaks of: `t` is the row's time, numbers are unrounded, and unknown members are absent. */
export const stateOf = (row: MeasureRow): JsonObject => {
  const state = emptyObject()
  state.t = row.t
  for (const write of WRITERS[row.kind]!) write(state, row as unknown as Members)
  return state
}

const writerOf = (entry: Entry): Writer => {
  switch (entry.form) {
    case 'field':
      return fieldWriter(entry)
    case 'list':
      return listWriter(entry)
    case 'notes':
      return noteWriter(entry)
    case 'group':
      return groupWriter(entry)
    case 'place':
      return state => {
        for (const branch of entry.branches) branchOf(state, branch)
      }
    case 'shown':
    case 'kept':
      return () => {}
  }
}

/** Returns the object at `name`, which is made if it is not there. */
const branchOf = (state: JsonObject, name: string): JsonObject => {
  state[name] ??= emptyObject()
  return state[name] as JsonObject
}

/** Sets a member unless the value is unknown. */
const put = (object: JsonObject, key: string, field: Field, value: unknown): void => {
  if (isKnown(field, value)) object[key] = field.type.json(value)!
}

const isKnown = ({ type }: Field, value: unknown): boolean => {
  const json = value === undefined ? undefined : type.json(value)
  return json !== undefined && !Number.isNaN(json)
}

const fieldWriter = (field: Field): Writer => {
  const { member, place } = field
  const dot = place.indexOf('.')
  // A stored row's own time stands at `t`.
  if (place === 't') return () => {}
  if (dot < 0) return (state, row) => put(state, place, field, row[member])
  const [branch, key] = [place.slice(0, dot), place.slice(dot + 1)]
  return (state, row) => {
    if (isKnown(field, row[member])) put(branchOf(state, branch), key, field, row[member])
  }
}

const listWriter = ({ member, shape, fields }: AssetList): Writer => {
  if (shape === 'objects')
    return (state, row) => {
      const map = branchOf(state, member)
      for (const element of row[member] as readonly Members[]) {
        const object = branchOf(map, element.asset as string)
        for (const field of fields) put(object, field.place, field, element[field.member])
      }
    }
  return (state, row) => {
    for (const field of fields)
      for (const element of row[member] as readonly Members[])
        if (isKnown(field, element[field.member])) put(branchOf(state, field.place), element.asset as string, field, element[field.member])
  }
}

const noteWriter = ({ member, fixed }: Notes): Writer => {
  if (fixed === undefined)
    return (state, row) => {
      const map = branchOf(state, member)
      for (const [asset, reason] of row[member] as readonly (readonly [string, string])[]) map[asset] = reason
    }
  return (state, row) => {
    for (const asset of row[member] as readonly string[]) branchOf(state, member)[asset] = fixed
  }
}

const groupWriter = ({ member, fields }: Group): Writer => {
  const writers = fields.map(fieldWriter)
  return (state, row) => {
    const object = row[member] as Members | undefined
    if (object !== undefined) for (const write of writers) write(state, object)
  }
}

const WRITERS: Readonly<Record<string, readonly Writer[]>> = Object.fromEntries(
  Object.values(MEASURES).map(({ kind, entries }) => [kind, entries.map(writerOf)]),
)
