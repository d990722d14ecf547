import { bloomOf, isFullBloom, mayHaveLogs } from './bloom.ts'
import { type ChainNode, type Found, type FoundLog, type Header, isRefusal } from './node.ts'

/** Logs, and the contracts that have more in some block than the node gives. */
export interface Checked {
  readonly found: Found
  /** By the number of the block. */
  readonly missing: ReadonlyMap<number, readonly string[]>
}

/**
 * Holds the logs that a node gave for some blocks against the blooms of these. A node may know a block before it has its logs, or not have
 * those of old blocks at all, and then answers with an empty list. If a bloom has a contract of which no log came, the block is asked for
 * again; if none comes then either, all logs of the block are, whose bloom proves whether they are all.
 */
export const checkedAgainstBlooms = async (
  node: Pick<ChainNode, 'logsIn'>,
  headers: readonly Header[],
  found: Found,
  addresses: readonly string[],
): Promise<Checked> => {
  const came = new Set(found.logs.map(({ block, address }) => placeOf(block, address)))
  const missing = new Map<number, readonly string[]>()
  let { logs, unreadable } = found
  for (const header of headers) {
    const absent = absentFrom(header, came, addresses)
    if (absent.length === 0) continue
    const again = await logsOf(node, header, absent, addresses)
    logs = [...logs.filter(({ block }) => block !== header.number), ...again.found.logs]
    unreadable += again.found.unreadable
    if (again.missing.length > 0) missing.set(header.number, again.missing)
  }
  logs = [...logs].sort((a, b) => a.block - b.block || a.index - b.index)
  return { found: { logs, unreadable }, missing }
}

/** Returns the logs of one block by further questions, and the contracts of which there must be more. */
const logsOf = async (
  node: Pick<ChainNode, 'logsIn'>,
  header: Header,
  absent: readonly string[],
  addresses: readonly string[],
): Promise<{ readonly found: Found; readonly missing: readonly string[] }> => {
  const again = await node.logsIn(header, addresses)
  const came = new Set(again.logs.map(({ address }) => address.toLowerCase()))
  const missing = absent.filter(address => !came.has(address))
  // Nearly every contract is in a bloom that is nearly full: two answers that agree are all that can be had.
  if (missing.length === 0 || isFullBloom(header.bloom!)) return { found: again, missing: [] }
  const all = await node.logsIn(header).catch(unlessRefused)
  if (all === undefined) return { found: again, missing }
  const logs = all.logs.filter(({ address }) => addresses.includes(address.toLowerCase()))
  const found = { logs, unreadable: all.unreadable }
  return bloomOf(all.logs) === header.bloom!.toLowerCase() ? { found, missing: [] } : { found: again, missing }
}

/** Returns the contracts that may have logs in a block by its bloom, and of which none came. */
const absentFrom = ({ bloom, number }: Header, came: ReadonlySet<string>, addresses: readonly string[]): string[] =>
  bloom === undefined ? [] : addresses.filter(address => !came.has(placeOf(number, address)) && mayHaveLogs(bloom, address))

const placeOf = (block: number, address: FoundLog['address']): string => `${block}:${address.toLowerCase()}`

const unlessRefused = (error: unknown): undefined => {
  if (!isRefusal(error)) throw error
}
