import type { z } from 'zod'
import { factOf } from '../../../streams/ledger/assetEntry.ts'
import type { AssetEvent } from '../../../streams/market/assetEvent.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import type { SUPPLIES } from '../../../streams/wire/requests.ts'
import type { GatewayPort } from '../../clearing/gatewayPort.ts'
import type { BadRow, FactTable } from '../../config/assetTables.ts'
import { type Access, authorize, type Principal } from '../../identity/access.ts'
import { authorOf, execute } from './execute.ts'

const CONTRADICTS =
  'found a ratio or name that contradicts a known event, expected each event once by t, asset and kind, and a later t to change what another makes'

/** What facts about assets need. */
export interface AssetFactsOptions {
  readonly clearing: GatewayPort
  readonly access: Access
  /** The currency that everything is counted in: nothing happens to it. */
  readonly quote: string
}

/** What became of supplies, in assets. */
export interface SupplyAnswer {
  readonly accepted: number
  /** Those that had this supply already. */
  readonly known: number
}

/** What became of events. */
export interface EventAnswer extends SupplyAnswer {
  readonly refused: readonly BadRow[]
}

/** Dated facts about assets, as operators tell them. Each method asks whether `who` may. */
export class AssetFacts {
  private readonly options: AssetFactsOptions

  constructor(options: AssetFactsOptions) {
    this.options = options
  }

  /** Lets funds weigh by these supplies from `t` (ms) on, or from now on. A fund chooses no asset whose supply is zero. */
  async supply(who: Principal, { supplies, t }: z.output<typeof SUPPLIES>): Promise<SupplyAnswer> {
    authorize(this.options.access, who, { operate: 'funds' })
    const byAsset = new Map(Object.entries(supplies))
    const command = { kind: 'supplies', supplies: byAsset, ...(t !== undefined && { at: t }) } as const
    const done = await execute(this.options.clearing, command, authorOf(who))
    const { accepted } = JSON.parse(done) as { accepted: number }
    return { accepted, known: byAsset.size - accepted }
  }

  /** Writes down what happens to assets, each once by time, asset and kind. `read` is called only for operators of funds. */
  async happen(who: Principal, read: () => FactTable<AssetEvent> | Promise<FactTable<AssetEvent>>): Promise<EventAnswer> {
    const { access, clearing, quote } = this.options
    authorize(access, who, { operate: 'funds' })
    const { good, bad } = await read()
    const refused: BadRow[] = [...bad]
    let accepted = 0
    let known = 0
    for (const { row, value } of good) {
      if (value.asset === quote || value.to === quote) {
        refused.push({ row, why: `found "${quote}", the currency that everything is counted in, expected another asset` })
        continue
      }
      try {
        const { accepted: news } = JSON.parse(await execute(clearing, factOf(value), authorOf(who))) as { accepted: number }
        accepted += news
        known += 1 - news
      } catch (error) {
        if (!(error instanceof ProtocolError && error.code === 'event_differs')) throw error
        refused.push({ row, why: CONTRADICTS })
      }
    }
    return { accepted, known, refused: refused.sort((a, b) => a.row - b.row) }
  }
}
