import type { FundRow, MeasureRow, PnlRow, PoolRow } from '../../../streams/measures/rows.ts'
import { type Codec, type Column, codecOf, type RowReader, type RowWriter } from '../engine/rowBinary.ts'
import { type Table, type TableName, TEXT, TIME } from '../engine/tables.ts'

/**
 * How a measure's row lies in its table. A measure that may be unknown is Nullable, an amount somebody owns is a Decimal, a
 * raw integer of a chain a UInt256, and what a row holds for each asset stands in parallel arrays under one name.
 */
export interface MeasureTable<R extends MeasureRow> extends Table {
  write(out: RowWriter, row: R): void
  read(input: RowReader): R
}

/** One column: how its value is taken out of a row, and how it is put into the row that is being read. */
interface Part {
  readonly column: Column
  readonly codec: Codec<unknown>
  of(row: Members): unknown
  into(row: Members, value: unknown): void
}
type Members = Record<string, unknown>

const NUMBER = 'Nullable(Float64)'
const AMOUNT = 'Nullable(Decimal(76, 18))'
const RAW = 'Nullable(UInt256)'
const WHEN = `Nullable(${TIME})`

/** `drawdownAbs` → `drawdown_abs`. */
const columnName = (member: string): string => member.replace(/[A-Z]/g, letter => `_${letter.toLowerCase()}`)

const part = (name: string, type: string, of: Part['of'], into: Part['into']): Part => ({
  column: { name, type },
  codec: codecOf(type),
  of,
  into,
})

const plain = (member: string, type: string): Part =>
  part(
    columnName(member),
    type,
    row => row[member],
    (row, value) => {
      row[member] = value
    },
  )

const numbers = (...members: string[]): Part[] => members.map(member => plain(member, NUMBER))

/** Objects of one list, member by member. A member named by its place (`0`) belongs to a tuple, and the column gets `name`. */
const list = (member: string, elements: readonly (readonly [member: string, type: string, name?: string])[]): Part[] =>
  elements.map(([inner, type, name = columnName(inner)]) =>
    part(
      `${columnName(member)}.${name}`,
      `Array(${type})`,
      row => (row[member] as Members[]).map(element => element[inner]),
      (row, values) => {
        row[member] ??= (values as unknown[]).map(() => (inner === '0' ? [] : {}))
        ;(values as unknown[]).forEach((value, i) => {
          ;(row[member] as Members[])[i]![inner] = value
        })
      },
    ),
  )

/** The members of an object that may be missing as a whole; the first one tells. */
const optional = (member: string, elements: readonly (readonly [member: string, type: string])[]): Part[] =>
  elements.map(([inner, type], i) =>
    part(
      columnName(inner),
      type,
      row => (row[member] as Members | undefined)?.[inner],
      (row, value) => {
        if (i === 0 && value !== undefined) row[member] = {}
        if (row[member]) (row[member] as Members)[inner] = value
      },
    ),
  )

const measureTable = <R extends MeasureRow>(name: TableName, kind: R['kind'], parts: readonly Part[]): MeasureTable<R> => ({
  name,
  columns: parts.map(({ column }) => column),
  identity: parts.length,
  write(out, row) {
    const before = out.length
    try {
      for (const { codec, of } of parts) codec.write(out, of(row as unknown as Members))
    } catch (error) {
      out.length = before
      throw error
    }
  },
  read(input) {
    const row: Members = { kind }
    for (const { codec, into } of parts) into(row, codec.read(input))
    return row as unknown as R
  },
})

const PNL = measureTable<PnlRow>('pnl', 'pnl', [
  plain('id', TEXT),
  plain('t', TIME),
  plain('quote', TEXT),
  plain('method', TEXT),
  ...numbers('value', 'cost', 'unrealised', 'realised', 'income', 'expenses', 'fees', 'flows', 'total', 'day'),
  ...numbers('drawdownAbs', 'drawdownRel'),
  plain('stale', 'Bool'),
  ...list('assets', [
    ['asset', TEXT],
    ...['qty', 'price', 'avg', 'value', 'cost', 'unrealised', 'realised'].map(member => [member, NUMBER] as const),
  ]),
  ...list('unpriced', [
    ['0', TEXT, 'asset'],
    ['1', TEXT, 'why'],
  ]),
])

const FUNDS = measureTable<FundRow>('funds', 'fund', [
  plain('id', TEXT),
  plain('t', TIME),
  ...numbers('nav', 'aum'),
  plain('shares', AMOUNT),
  ...numbers('level', 'inavBid', 'inavMid', 'inavAsk', 'inavAge', 'totalDrift', 'maxDrift'),
  plain('rebalanceNeeded', 'Bool'),
  plain('rebalanceReason', TEXT),
  plain('rebalanceSince', WHEN),
  plain('rebalanceLast', WHEN),
  ...numbers('market', 'premium'),
  plain('pending', `Array(${TEXT})`),
  plain('halted', 'Bool'),
  plain('stale', 'Bool'),
  ...list('constituents', [
    ['asset', TEXT],
    ['units', AMOUNT],
    ...['price', 'weight', 'target', 'drift'].map(member => [member, NUMBER] as const),
  ]),
])

const POOLS = measureTable<PoolRow>('pools', 'pool', [
  plain('id', TEXT),
  plain('t', TIME),
  plain('pool', TEXT),
  ...numbers('price'),
  plain('reserve0', RAW),
  plain('reserve1', RAW),
  ...numbers('tvl', 'depthBid2', 'depthAsk2', 'volume24h', 'fees24h', 'trades24h'),
  plain('eventT', WHEN),
  plain('partial', 'Bool'),
  plain('stale', 'Bool'),
  ...optional('v3', [
    ['sqrtPriceX96', RAW],
    ['tick', 'Nullable(Int32)'],
    ['liquidity', RAW],
    ['dayN', 'Nullable(UInt32)'],
    ['dayIn0', RAW],
    ['dayIn1', RAW],
  ]),
])

export const MEASURES = { pnl: PNL, fund: FUNDS, pool: POOLS } as const
