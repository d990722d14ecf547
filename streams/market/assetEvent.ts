import { formatDecimal, ONE, parseDecimal } from '../lib/decimal.ts'
import { NAME, NAME_FORM } from '../lib/names.ts'
import { isTime } from './ticks.ts'

/** What can happen to an asset. */
const ASSET_EVENT_KINDS = ['redenomination', 'split', 'rename', 'delisting'] as const
/** One kind of it. */
export type AssetEventKind = (typeof ASSET_EVENT_KINDS)[number]

/** `before` units become `after` units at an event; both above zero, in 10⁻¹⁸. */
export interface Ratio {
  readonly before: bigint
  readonly after: bigint
}

/** One to one. */
export const SAME: Ratio = { before: ONE, after: ONE }

/** A dated fact about an asset. What happened before `t` counts units of before, all else those of after. */
export interface AssetEvent {
  /** ms. */
  readonly t: number
  readonly asset: string
  readonly kind: AssetEventKind
  /** `SAME` of a delisting. */
  readonly ratio: Ratio
  /** The name from `t` on: `asset` itself unless it changes. */
  readonly to: string
}

/** An event as JSON and CSV have it. */
export interface WrittenAssetEvent {
  readonly t: number
  readonly asset: string
  readonly kind: AssetEventKind
  readonly ratio?: string
  readonly to?: string
}

/** Both sides of a ratio are at most so far apart: 10¹². */
const RATIO_MAX = 10n ** 12n
/** Characters of a ratio. */
const RATIO_TEXT_MAX = 100

const RATIO_FORM = 'new units for one old, above zero, such as "1000" or "0.01", or both as in "3:1" (three old become one new)'

/** Reads a ratio: `1000`, `0.01`, or `3:1`. Returns undefined for anything else, and for one beyond 10¹² either way. */
const readRatio = (text: string): Ratio | undefined => {
  if (text.length > RATIO_TEXT_MAX) return undefined
  const [left = '', right, ...more] = text.split(':')
  if (more.length > 0) return undefined
  const after = parseDecimal(right ?? left)
  const before = right === undefined ? ONE : parseDecimal(left)
  if (before === undefined || after === undefined || before <= 0n || after <= 0n) return undefined
  return before > after * RATIO_MAX || after > before * RATIO_MAX ? undefined : { before, after }
}

/** Returns the shortest text that `readRatio` reads as this. */
const writeRatio = ({ before, after }: Ratio): string =>
  before === ONE ? formatDecimal(after) : `${formatDecimal(before)}:${formatDecimal(after)}`

/** Returns an event as JSON has it. */
export const writeAssetEvent = ({ t, asset, kind, ratio, to }: AssetEvent): WrittenAssetEvent => ({
  t,
  asset,
  kind,
  ...(ratio !== SAME && { ratio: writeRatio(ratio) }),
  ...(to !== asset && { to }),
})

/** Says why a row is no event: which member, what was found, what was expected. */
export class BadEvent extends Error {}

/**
 * Makes an event of the texts of a row; '' is absent. A split and a redenomination need a `ratio` and may have a `to`, a rename needs a
 * `to` and may have a `ratio`, a delisting has neither. Throws BadEvent.
 */
export const assetEvent = (t: number | undefined, asset: string, kind: string, ratio: string, to: string): AssetEvent => {
  const bad = (name: string, found: string, expected: string): BadEvent =>
    new BadEvent(`${name}: found ${found === '' ? 'nothing' : `"${found}"`}, expected ${expected}`)
  if (t === undefined || !isTime(t)) throw new BadEvent('t: found no time, expected ms since the epoch or an ISO 8601 time')
  if (!NAME.test(asset)) throw bad('asset', asset, NAME_FORM)
  const known = ASSET_EVENT_KINDS.find(name => name === kind)
  if (known === undefined) throw bad('kind', kind, `one of ${ASSET_EVENT_KINDS.join(', ')}`)
  if (known === 'delisting') {
    if (ratio !== '') throw bad('ratio', ratio, 'none of a delisting')
    if (to !== '') throw bad('to', to, 'none of a delisting')
    return { t, asset, kind: known, ratio: SAME, to: asset }
  }
  if (to === '' ? known === 'rename' : !NAME.test(to)) throw bad('to', to, NAME_FORM)
  if (known === 'rename' && to === asset) throw bad('to', to, 'another name than that of the asset')
  if (ratio === '' && known === 'rename') return { t, asset, kind: known, ratio: SAME, to }
  const read = readRatio(ratio)
  if (read === undefined) throw bad('ratio', ratio, RATIO_FORM)
  return { t, asset, kind: known, ratio: read, to: to || asset }
}

/** Reads what `writeAssetEvent` wrote. Throws BadEvent for anything else. */
export const readAssetEvent = ({ t, asset, kind, ratio = '', to = '' }: WrittenAssetEvent): AssetEvent =>
  assetEvent(t, asset, kind, ratio, to)

/** Compares events by time; of one time by asset and kind, so that their order is the same whatever the order they came in. */
export const byTime = (a: AssetEvent, b: AssetEvent): number =>
  a.t - b.t || (a.asset < b.asset ? -1 : a.asset > b.asset ? 1 : 0) || ASSET_EVENT_KINDS.indexOf(a.kind) - ASSET_EVENT_KINDS.indexOf(b.kind)

/**
 * Returns whether one of two events makes an asset of what the other changes, at the same moment: the amounts would depend on which of them is
 * first, and nothing says so.
 */
export const dependsOnOrder = (a: AssetEvent, b: AssetEvent): boolean =>
  a.t === b.t && a.asset !== b.asset && (a.to === b.asset || b.to === a.asset)

/** Says whether units of an asset change: their number, or their name. */
export const converts = ({ asset, ratio, to }: AssetEvent): boolean => to !== asset || ratio.before !== ratio.after

/** Returns what an amount becomes, 10⁻¹⁸, rounded down: nobody gets more than there is. */
export const converted = (amount: bigint, { before, after }: Ratio): bigint => {
  const product = amount * after
  const cut = product / before
  return product < 0n && cut * before !== product ? cut - 1n : cut
}

/** Returns what an amount becomes, rounded up. */
export const convertedUp = (amount: bigint, ratio: Ratio): bigint => -converted(-amount, ratio)

/** Returns how many units one becomes, as a measure. */
export const factorOf = ({ before, after }: Ratio): number => Number(after) / Number(before)

/** An event and the number of the journal's entry that has it. */
export interface NumberedEvent {
  readonly seq: number
  readonly event: AssetEvent
}

/** Returns assets under all names that they have in the course of time. `events` are in any order. */
export const namesOf = (assets: readonly string[], events: readonly AssetEvent[]): string[] => {
  const names = new Set(assets)
  for (const { asset, to } of [...events].sort(byTime)) if (names.has(asset)) names.add(to)
  return [...names]
}
