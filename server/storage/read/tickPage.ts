import { SIDES } from '../../../streams/market/ticks.ts'
import { emptyObject, type Json } from '../../../streams/wire/mergePatch.ts'
import type { Engine } from '../engine/engine.ts'
import { quoted } from '../engine/migrate.ts'
import { type Codec, codecOf } from '../engine/rowBinary.ts'
import { READ_LIMITS, select, timeOf } from '../engine/select.ts'
import { SIDE, TIME } from '../engine/tables.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { chosen, type Known } from './fields.ts'
import { type HistoryPage, readPage } from './page.ts'
import type { PageQuery } from './query.ts'
import { type Computed, computedOf, NOTHING, type Piece, Selection } from './selection.ts'

/** Rows of one time are in the order of arrival; sources that were replayed one after the other are in the order of their names. */
const ORDER = ['t', 'frame', 'row', 'src', 'id']
const NEWEST_FIRST = ORDER.map(column => `${column} DESC`).join(', ')
/** The types of these, as the answer has them. */
const ORDER_TYPES: Readonly<Record<string, string>> = { t: TIME, frame: TIME, row: 'UInt32', src: 'String', id: 'String' }
const STEP = 'intDiv(toUnixTimestamp64Milli(t), {step:Int64})'

const member = (name: string, type: string, json: (value: unknown) => Json | undefined = value => value as Json): [string, Piece] => [
  name,
  {
    leaves: [name],
    isNumber: type === 'Float64',
    expressions: [{ sql: name, type }],
    put(row, [value]) {
      const known = json(value)
      if (known !== undefined) row[name] = known
    },
  },
]

const MEMBERS = new Map([
  member('price', 'Float64'),
  member('size', 'Float64'),
  member('side', SIDE, code => SIDES[code as number] || undefined),
  member('src', 'String'),
  member('id', 'String'),
])

/** What can be asked of trades. */
export const TICK_FIELDS: Known = {
  time: 't',
  piece: name => MEMBERS.get(name),
  names: () => [...MEMBERS.keys()],
  numbers: () => ['price', 'size'],
}

/** Returns the reader of one page of the trades and candles of a symbol. Throws a ProtocolError if the query asks for what no trade has. */
export const tickPage = (query: PageQuery): ((engine: Engine) => Promise<HistoryPage>) => {
  const computed = query.step === undefined ? undefined : computedOf(query.agg)
  const pieces = chosen(TICK_FIELDS, query)?.pieces ?? [...MEMBERS.values()]
  return computed === undefined ? engine => rowsOf(engine, query, pieces) : engine => stepsOf(engine, query, pieces, computed)
}

/** The conditions of a query, and the values that they name. */
const conditionsOf = ({ id: symbol, from, to, asOf, step, cursor }: PageQuery) => {
  const place = readCursor(cursor, 'number', 'number', 'number', 'string', 'string')
  const [t, frame, row, src, id] = place ?? []
  const conditions = [`symbol = {symbol:String} AND t >= ${timeOf('from')} AND t < ${timeOf('to')}`]
  if (asOf !== undefined) conditions.push(`frame <= ${timeOf('asOf')}`)
  if (place) conditions.push(`(${ORDER.join(', ')}) > (${timeOf('t')}, ${timeOf('frame')}, {row:UInt32}, {src:String}, {id:String})`)
  const parameters = {
    symbol,
    from: place ? nextFrom(t as number, step) : from,
    to,
    ...(step !== undefined && { step }),
    ...(asOf !== undefined && { asOf }),
    ...(place && { t, frame, row, src, id }),
  }
  return { where: conditions.join(' AND '), parameters }
}

/** Returns the `from` after a row: the next step, since a step has one row. */
const nextFrom = (t: number, step: number | undefined): number => (step === undefined ? t : (Math.floor(t / step) + 1) * step)

/** Reads rows as they are, or with a step the last or the first of each. */
const rowsOf = async (engine: Engine, query: PageQuery, pieces: readonly Piece[]): Promise<HistoryPage> => {
  const { step, limit, agg } = query
  let place: readonly unknown[] = []
  const placed: Piece = {
    ...NOTHING,
    expressions: ORDER.map(column => ({ sql: column, type: ORDER_TYPES[column]! })),
    put(row, values) {
      place = values
      row.t = values[0] as number
    },
  }
  const selection = new Selection([placed, ...pieces])
  const { where, parameters } = conditionsOf(query)
  const rows = `SELECT ${selection.sql.join(', ')} FROM ${quoted(engine.database)}.ticks FINAL WHERE ${where}`
  const first = agg === 'first' ? ORDER.join(', ') : NEWEST_FIRST
  const some = step === undefined ? rows : `SELECT * FROM (${rows} ORDER BY ${first} LIMIT 1 BY ${STEP})`
  const input = await select(engine, `${some} ORDER BY ${ORDER.join(', ')} LIMIT {most:UInt32} ${READ_LIMITS}`, {
    ...parameters,
    most: limit + 1,
  })
  return readPage(input, limit, reader => {
    const row = emptyObject()
    selection.read(reader, row)
    const after = place as (number | string)[]
    return { row, cursor: () => writeCursor(...after) }
  })
}

/** Reads one row a step, put together from all of its trades. */
const stepsOf = async (engine: Engine, query: PageQuery, pieces: readonly Piece[], agg: Computed): Promise<HistoryPage> => {
  const { limit } = query
  const selection = new Selection(pieces, agg)
  const { where, parameters } = conditionsOf(query)
  const input = await select(
    engine,
    `SELECT max(t) AS last_t, ${selection.sql.join(', ')} FROM ${quoted(engine.database)}.ticks FINAL WHERE ${where}
    GROUP BY ${STEP} ORDER BY last_t LIMIT {most:UInt32} ${READ_LIMITS}`,
    { ...parameters, most: limit + 1 },
  )
  return readPage(input, limit, reader => {
    const row = emptyObject()
    const t = ms.read(reader)
    row.t = t
    selection.read(reader, row)
    return { row, cursor: () => writeCursor(t, 0, 0, '', '') }
  })
}

const ms = codecOf(TIME) as Codec<number>
