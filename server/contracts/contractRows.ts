import type { Contract } from '../../streams/wire/answers/contracts.ts'
import type { Engine } from '../storage/engine/engine.ts'
import { quoted } from '../storage/engine/migrate.ts'
import { type Codec, codecOf } from '../storage/engine/rowBinary.ts'
import { READ_LIMITS, select } from '../storage/engine/select.ts'
import { openReader } from '../storage/read/reader.ts'
import type { Report } from './chainContracts.ts'

/** A code, or the codes one behind the other, that a contract had from a block on, as far as somebody looked. */
export interface Seen {
  readonly block: number
  /** Of the block, ms. */
  readonly t: number
  readonly codes: readonly string[]
  readonly hashes: readonly string[]
}

/** What was found out about contracts before. */
export interface ContractRows {
  /** Returns what was seen of a contract, newest first. Throws as a `Reader`. */
  seen(chain: string, address: string): Promise<readonly Seen[]>
  /** Stores what is new. */
  store(report: Report): Promise<void>
}

/** Changes that an answer has at most. */
const SEEN_MAX = 50

/** Opens the rows of the table `contracts`. */
export const openContractRows = (engine: Promise<Engine>): ContractRows => {
  const read = openReader(engine)
  return {
    seen: (chain, address) => read(running => seenOf(running, chain, address)),
    async store(report) {
      const { client, database } = await engine
      const { chain, address, block, t, code } = report
      const row = {
        chain,
        address,
        block,
        t,
        codes: code.map(of => of.address),
        hashes: code.map(({ hash }) => hash),
        report: JSON.stringify(report),
      }
      await client.insert({ table: `${quoted(database)}.contracts`, values: [row], format: 'JSONEachRow' })
    },
  }
}

const seenOf = async (engine: Engine, chain: string, address: string): Promise<Seen[]> => {
  const input = await select(
    engine,
    `SELECT block, t, codes, hashes FROM ${quoted(engine.database)}.contracts FINAL
     WHERE chain = {chain:String} AND address = {address:String} ORDER BY block DESC LIMIT ${SEEN_MAX} ${READ_LIMITS}`,
    { chain, address },
  )
  const seen: Seen[] = []
  while (!input.ended)
    seen.push({ block: Number(BLOCK.read(input)), t: TIME.read(input), codes: TEXTS.read(input), hashes: TEXTS.read(input) })
  return seen
}

const BLOCK = codecOf('UInt64') as Codec<bigint>
const TIME = codecOf("DateTime64(3, 'UTC')") as Codec<number>
const TEXTS = codecOf('Array(String)') as Codec<string[]>

/** A change of the code that calls are led to. */
type Replaced = NonNullable<Contract['replaced']>[number]

/** Returns how what was seen became what there is now, newest first. */
export const changesOf = ({ block, t, code }: Report, seen: readonly Seen[]): Replaced[] => {
  const now: Seen = { block, t, codes: code.map(({ address }) => address), hashes: code.map(({ hash }) => hash) }
  const all = [now, ...seen.filter(one => one.block < block)]
  return all.slice(0, -1).flatMap((one, i) => {
    const before = all[i + 1]!
    if (isSame(one, before)) return []
    const [from, to] = [before.codes.at(-1), one.codes.at(-1)]
    return [{ t: one.t, block: one.block, ...(from !== undefined && { from }), ...(to !== undefined && { to }) }]
  })
}

/** Whether two looks found the same codes at the same addresses. */
export const isSame = (a: Pick<Seen, 'codes' | 'hashes'>, b: Pick<Seen, 'codes' | 'hashes'>): boolean =>
  a.codes.join() === b.codes.join() && a.hashes.join() === b.hashes.join()
