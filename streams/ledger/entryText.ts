import { formatDecimal, readDecimal } from '../lib/decimal.ts'
import { readTransaction, writeTransaction } from '../pnl/transaction.ts'
import { type Leg, readAmounts, readLeg, type Written, writeAmounts } from './amounts.ts'
import { assetWriters } from './assetEntry.ts'
import {
  type ContentOf,
  type Entry,
  type EntryContent,
  type EntryKind,
  type EntryStamp,
  type Funding,
  type FundTerms,
  type Halt,
  isOrder,
  type Order,
  type Posting,
  type Rejection,
  type Result,
  type Shortfall,
} from './entry.ts'
import { rebalanceReaders, rebalanceWriters } from './rebalanceEntry.ts'

/**
 * Returns an entry as one line of JSON. The line of an order is put together by hand, because an order of ten assets has sixty amounts and
 * writing them is most of what it costs; names have no character that needs escaping. `outcome` is the order's `outcomeText`, if the caller
 * has it already.
 */
export const writeEntry = (entry: Entry, outcome?: string): string => {
  const { seq, t, who, kind, postings } = entry
  const head = `{"seq":${seq},"t":${t},"who":"${who}","kind":"${kind}",${membersOf(entry, outcome)}`
  return postings.length === 0 ? `${head}}` : `${head},"postings":[${postingsText(postings)}]}`
}

const membersOf = (entry: EntryContent, outcome?: string): string => {
  if (!isOrder(entry)) return JSON.stringify(detailOf(entry.kind, entry)).slice(1, -1)
  const { key, fund, amount } = entry
  return `"key":${JSON.stringify(key)},"fund":"${fund}","amount":"${formatDecimal(amount)}",${outcome ?? outcomeText(entry)}`
}

/** Returns how an order ended: `"status":"settled","legs":[…]`, and code, shortfall, fee and nav if it has them. */
export const outcomeText = ({ status, code, shortfall, legs, fee, nav }: Order): string => {
  let text = `"status":"${status}",`
  if (code !== undefined) text += `"code":"${code}",`
  if (shortfall !== undefined) text += `"shortfall":${JSON.stringify(writeShortfall(shortfall))},`
  text += `"legs":[${legs.map(legText).join(',')}]`
  if (fee !== undefined) text += `,"fee":${legText(fee)}`
  if (nav !== undefined) text += `,"nav":${nav}`
  return text
}

const legText = ({ asset, amount }: Leg): string => `{"asset":"${asset}","amount":"${formatDecimal(amount)}"}`

/** Writes a posting as a row, `["account","asset","amount","after"]`: four names in each would be half of what an order writes. */
const postingsText = (postings: readonly Posting[]): string => {
  let text = ''
  let size = ''
  for (let i = 0; i < postings.length; i++) {
    const { account, asset, amount, after } = postings[i]!
    // The second of a pair takes what the first gives.
    const pair = i > 0 && postings[i - 1]!.amount === -amount
    if (!pair) size = formatDecimal(amount < 0n ? -amount : amount)
    text += `${i === 0 ? '' : ','}["${account}","${asset}","${amount < 0n ? '-' : ''}${size}","${formatDecimal(after)}"]`
  }
  return text
}

type OtherKind = Exclude<EntryKind, Order['kind']>
type Detail<K extends EntryKind> = Omit<Written<ContentOf<K>>, 'kind'>

const resultOf = ({ status, code, shortfall }: Result): Written<Result> => ({
  status,
  ...(code && { code }),
  ...(shortfall && { shortfall: writeShortfall(shortfall) }),
})
const writeHalt = ({ fund }: Halt): Detail<'halt'> => ({ fund })
const writeFunding = (entry: Funding): Detail<'deposit'> => {
  const { key, client, asset, amount } = entry
  return { key, client, asset, amount: formatDecimal(amount), ...resultOf(entry) }
}

/** The members of an entry between its kind and its postings, by kind, in the order in which they are written. */
const WRITERS: { readonly [K in OtherKind]: (entry: ContentOf<K>) => Detail<K> } = {
  register: ({ client }) => ({ client }),
  define: ({ fund, terms, definition }) => ({ fund, terms: writeTerms(terms), ...(definition && { definition }) }),
  inception: ({ fund, at, units, weights, shares }) => ({
    fund,
    ...(at !== undefined && { at }),
    units: writeAmounts(units),
    weights,
    shares: formatDecimal(shares),
  }),
  halt: writeHalt,
  resume: writeHalt,
  deposit: writeFunding,
  withdrawal: writeFunding,
  transfer: entry => {
    const { key, to, asset, amount } = entry
    return { key, to, asset, amount: formatDecimal(amount), ...resultOf(entry) }
  },
  record: ({ portfolio, transactions }) => ({ portfolio, transactions: transactions.map(writeTransaction) }),
  supplies: ({ at, supplies }) => ({ ...(at !== undefined && { at }), supplies: writeAmounts(supplies) }),
  ...assetWriters,
  ...rebalanceWriters,
}

const detailOf = <K extends OtherKind>(kind: K, entry: ContentOf<K>): Detail<K> => WRITERS[kind](entry)

/** A posting as it stands in an entry's text. */
export type WrittenPosting = readonly [account: string, asset: string, amount: string, after: string]
type WrittenEntry = Written<EntryContent> & Omit<EntryStamp, 'postings'> & { readonly postings?: readonly WrittenPosting[] }

/** The JSON form of a result. Members may be undefined, as those of a generic type may be. */
interface WrittenResult {
  readonly status: Result['status']
  readonly code?: Rejection | undefined
  readonly shortfall?: Written<Shortfall> | undefined
}

const readResult = ({ status, code, shortfall }: WrittenResult): Result => ({
  status,
  ...(code && { code }),
  ...(shortfall && { shortfall: readShortfall(shortfall) }),
})
const withAmount = <T extends WrittenResult & { readonly amount: string }>(
  json: T,
): Omit<T, 'amount' | keyof Result> & Result & { readonly amount: bigint } => ({
  ...json,
  ...readResult(json),
  amount: readDecimal(json.amount),
})
const readOrder = <T extends Written<Order>>({ fee, ...json }: T) => ({
  ...json,
  ...readResult(json),
  amount: readDecimal(json.amount),
  legs: json.legs.map(readLeg),
  ...(fee && { fee: readLeg(fee) }),
})

/** Reads the content of an entry from its JSON form, by kind. */
const READERS: { readonly [K in EntryKind]: (json: Written<ContentOf<K>>) => ContentOf<K> } = {
  register: json => json,
  define: json => ({ ...json, terms: readTerms(json.terms) }),
  inception: json => ({ ...json, units: readAmounts(json.units), shares: readDecimal(json.shares) }),
  halt: json => json,
  resume: json => json,
  deposit: withAmount,
  withdrawal: withAmount,
  create: readOrder,
  redeem: readOrder,
  transfer: withAmount,
  record: json => ({ ...json, transactions: json.transactions.map(readTransaction) }),
  supplies: json => ({ ...json, supplies: readAmounts(json.supplies) }),
  asset: json => json,
  conversion: json => json,
  ...rebalanceReaders,
}

const contentOf = <K extends EntryKind>(kind: K, json: Written<ContentOf<K>>): ContentOf<K> => READERS[kind](json)

/** Reads what `writeEntry` wrote. Throws TypeError or SyntaxError for anything else. */
export const readEntry = (text: string): Entry => {
  const json = JSON.parse(text) as WrittenEntry
  if (!Object.hasOwn(READERS, json.kind))
    throw new TypeError(`kind: found ${JSON.stringify(json.kind)}, expected one of ${Object.keys(READERS).join(', ')}`)
  const { seq, t, who, postings = [] } = json
  return { ...contentOf(json.kind, json), seq, t, who, postings: postings.map(readPosting) }
}

const readPosting = ([account, asset, amount, after]: WrittenPosting): Posting => ({
  account,
  asset,
  amount: readDecimal(amount),
  after: readDecimal(after),
})

/** Returns a shortfall in its JSON form. */
export const writeShortfall = ({ asset, needed, held }: Shortfall): Written<Shortfall> => ({
  asset,
  needed: formatDecimal(needed),
  held: formatDecimal(held),
})
const readShortfall = ({ asset, needed, held }: Written<Shortfall>): Shortfall => ({
  asset,
  needed: readDecimal(needed),
  held: readDecimal(held),
})

/** Returns terms in their JSON form. */
export const writeTerms = (terms: FundTerms): Written<FundTerms> => ({ ...terms, creationUnit: formatDecimal(terms.creationUnit) })
/** Reads terms from their JSON form. Throws TypeError if the creation unit is no decimal. */
export const readTerms = (terms: Written<FundTerms>): FundTerms => ({ ...terms, creationUnit: readDecimal(terms.creationUnit) })
