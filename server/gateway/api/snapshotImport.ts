import { z } from 'zod'
import type { Snapshot } from '../../../streams/analytics/features/snapshot.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { checked } from '../../../streams/wire/explain.ts'
import { type KeptSnapshots, keepSnapshots } from '../../analytics/snapshots/keepSnapshots.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import type { Engine } from '../../storage/engine/engine.ts'
import { boundedLines } from './boundedLines.ts'

/** Lists in one request, and assets of one. */
const LISTS_MAX = 100
const ASSETS_MAX = 10_000

const amount = z.number().nonnegative().nullable().optional()
const percent = z.number().nullable().optional()

/** A list of assets, as a request has it. */
export const SNAPSHOT = z.strictObject({
  t: z.int().min(0).max(8.64e15).describe('ms: the day that it is of'),
  assets: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(200),
        symbol: z.string().max(64),
        rank: amount,
        marketCap: amount,
        price: amount,
        supply: amount,
        volume: amount.describe('of a day'),
        change1d: percent.describe('%'),
        change7d: percent.describe('%'),
      }),
    )
    .min(1)
    .max(ASSETS_MAX),
})

/** Stores lists of the largest assets from outside: what models learn from, and what is scored. For operators. */
export class SnapshotImport {
  private readonly access: Access
  private readonly now: () => number
  /** Is called when lists were stored. */
  private readonly stored: () => void
  private engine: Engine | undefined
  private before: Promise<unknown> = Promise.resolve()

  constructor(access: Access, engine: Promise<Engine>, now: () => number, stored: () => void) {
    this.access = access
    this.now = now
    this.stored = stored
    // Without an engine the process ends, and the code that opens it says why.
    engine.then(
      opened => (this.engine = opened),
      () => {},
    )
  }

  /** Stores lines of JSON, each a list, all or none. Answers when they are stored; `read` is called only if `who` may. Throws a ProtocolError. */
  async accept(who: Principal, read: () => Promise<string>): Promise<KeptSnapshots> {
    authorize(this.access, who, { operate: 'prices' })
    const { engine } = this
    if (engine === undefined) throw new ProtocolError('not_ready', 'ClickHouse is starting', 1)
    const lines = boundedLines(await read(), LISTS_MAX)
    const now = this.now()
    const snapshots = lines.flatMap((line, i) => (line.trim() === '' ? [] : snapshotIn(line, `line ${i + 1}`, now)))
    const storing = this.before.then(() => keepSnapshots(engine, snapshots, now))
    this.before = storing.catch(() => {})
    const kept = await storing
    if (kept.accepted > 0) this.stored()
    return kept
  }
}

const snapshotIn = (line: string, where: string, now: number): Snapshot => {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    throw new ProtocolError('invalid_params', `${where}: found no JSON, expected a list of assets`)
  }
  const { t, assets } = checked(SNAPSHOT, value, where)
  if (t > now) throw new ProtocolError('invalid_params', `${where}.t: found ${t}, expected a time that is past`)
  const names = new Set<string>()
  for (const { name } of assets) {
    if (names.has(name)) throw new ProtocolError('invalid_params', `${where}: found "${name}" again, expected each asset once`)
    names.add(name)
  }
  const known = (figure: number | null | undefined): number => figure ?? Number.NaN
  return {
    t,
    assets: assets.map(({ name, symbol, ...figures }) => ({
      ...{ name, symbol, rank: known(figures.rank), marketCap: known(figures.marketCap), price: known(figures.price) },
      ...{ supply: known(figures.supply), volume: known(figures.volume) },
      ...{ change1d: known(figures.change1d), change7d: known(figures.change7d) },
    })),
  }
}
