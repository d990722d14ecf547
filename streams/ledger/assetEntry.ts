import { type AssetEvent, type AssetEventKind, readAssetEvent, writeAssetEvent } from '../market/assetEvent.ts'

/**
 * The entries of what happens to assets: one says that something happens at a time, past or future; the other, written when event time
 * has come there, converts what is owned.
 */

/** A dated fact about an asset, in its written form. */
export interface AssetFact {
  readonly kind: 'asset'
  /** ms of event time. */
  readonly at: number
  readonly asset: string
  readonly event: AssetEventKind
  readonly ratio?: string
  readonly to?: string
}

/** What is owned of an asset becomes units of after its event. */
export interface Conversion {
  readonly kind: 'conversion'
  /** Number of the entry that has the event. */
  readonly event: number
  /** Funds whose custody and units are converted. */
  readonly funds: readonly string[]
  /** Whether all other accounts are. */
  readonly accounts: boolean
}

/** An event that the journal has. */
export interface KnownEvent {
  /** Number of its entry. */
  readonly seq: number
  readonly event: AssetEvent
  /** Whether the accounts that are no fund's custody have been converted. */
  readonly converted: boolean
}

/** An event by what it is known by. */
export type EventKey = Pick<AssetEvent, 't' | 'asset' | 'kind'>

/** Returns whether two events are known by the same. */
export const sameEvent = (a: EventKey, b: EventKey): boolean => a.t === b.t && a.asset === b.asset && a.kind === b.kind

/** Returns whether events that are known by the same say the same. */
export const sameContents = ({ ratio, to }: AssetEvent, other: AssetEvent): boolean =>
  to === other.to && ratio.before * other.ratio.after === ratio.after * other.ratio.before

/** Returns the entry that says an event. */
export const factOf = (event: AssetEvent): AssetFact => {
  const { t: at, kind, asset, ...rest } = writeAssetEvent(event)
  return { kind: 'asset', at, asset, event: kind, ...rest }
}

/** Returns the event of an entry. Throws BadEvent if it is none. */
export const eventOf = ({ at, event, asset, ratio, to }: AssetFact): AssetEvent =>
  readAssetEvent({ t: at, kind: event, asset, ...(ratio !== undefined && { ratio }), ...(to !== undefined && { to }) })

/** Writes the members of each kind of entry, in the order in which they stand in its text. */
export const assetWriters = {
  asset: ({ at, asset, event, ratio, to }: AssetFact) => ({
    at,
    asset,
    event,
    ...(ratio !== undefined && { ratio }),
    ...(to !== undefined && { to }),
  }),
  conversion: ({ event, funds, accounts }: Conversion) => ({ event, funds, accounts }),
}
