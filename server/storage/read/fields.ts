import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { Aggregate } from '../../../streams/wire/requests.ts'
import { computedOf, type Piece } from './selection.ts'

/** What can be asked of the rows of one kind. */
export interface Known {
  /** The member that is a row's time: every row has it. */
  readonly time: 't' | 'open_t'
  /** Returns what a name asks for; undefined if it asks for nothing. */
  piece(name: string): Piece | undefined
  /** Names that can be asked for, for an error. */
  names(): readonly string[]
  /** Those that are averaged, or of which there is a least and a greatest, if none is asked for by name. */
  numbers(): readonly string[]
}

/** The part of a query that says which members are wanted. */
export interface Asked {
  readonly fields?: readonly string[] | undefined
  readonly agg?: Aggregate | undefined
}

/** Members that are read, in the order in which they were asked for. */
export interface Chosen {
  readonly names: readonly string[]
  readonly pieces: readonly Piece[]
}

/** Returns what a query asks for; undefined if it wants whole rows. Throws a ProtocolError, `invalid_params`, that names the field. */
export const chosen = (known: Known, { fields, agg }: Asked): Chosen | undefined => {
  const isComputed = agg !== undefined && computedOf(agg) !== undefined
  if (fields === undefined && !isComputed) return undefined
  const names = (fields ?? known.numbers()).filter(name => name !== known.time)
  const pieces = names.map(name => {
    const piece = known.piece(name)
    const at = `fields.${(fields ?? names).indexOf(name)}`
    if (piece === undefined)
      throw new ProtocolError('invalid_params', `${at}: found "${name}", expected one of ${known.names().join(', ')}`)
    if (isComputed && !(piece.isNumber && piece.leaves.length > 0))
      throw new ProtocolError('invalid_params', `${at}: found "${name}", expected a figure that is a number, because agg is ${agg}`)
    return piece
  })
  return { names, pieces }
}

/** Returns the paths of the members that are asked for by name. */
export const leavesOf = (wanted: Chosen | undefined): string[] => (wanted?.pieces ?? []).flatMap(({ leaves }) => leaves)
