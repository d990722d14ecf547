import { type Bad, type BadCounts, FIRST_TIME } from '../../../streams/market/ticks.ts'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'
import { type Checked, checkedAgainstBlooms } from './completeness.ts'
import { type ChainNode, type Found, type FoundLog, type Header, NodeError } from './node.ts'
import { Ranges } from './ranges.ts'
import { Standing } from './standing.ts'

/** Blocks that may still be taken back: as many as a pool can undo. Older ones are final. */
export const KEPT = 64
/** A chain that moves while it is read is read again so often before it gets time to come to rest. */
const READINGS = 5
/** Questions to the node at once. */
const AT_ONCE = 8
/** A node that knows a block before it has the logs of it is waited for this often; then the logs count as lost. */
const WAITS = 5
/** Blocks behind the newest whose blooms are all looked at. */
const CHECKED = 1_024
/** Older blocks of a range whose blooms are looked at: a node that does not have the logs of old blocks lacks them in all. */
const SAMPLES = 16

/** The questions that a follower asks a node. */
export type Blocks = Pick<ChainNode, 'newest' | 'header' | 'logsIn' | 'logsFrom'>

interface Kept extends Header {
  readonly logs: readonly ChainLog[]
}

/** A step of the chain: first the logs that are taken back, newest first, then the new ones. */
export interface Step {
  readonly logs: readonly ChainLog[]
  readonly bad: BadCounts
  /** The chain was taken back farther than it was kept: logs below this block may be of another chain. */
  readonly deeper?: number
}

/**
 * Follows the logs of some contracts along the chain. The newest blocks are kept with their hashes, each the parent of the next,
 * so that whatever the node takes back is noticed, however it came about: while it told of it, between two questions, or while
 * there was no node at all.
 */
export class Follower {
  private readonly addresses: readonly string[]
  /** The last block that was read; undefined before the first. */
  private last: number | undefined
  private kept: readonly Kept[] = []
  /** From this block on the node has taken its chain back, by its own word; Infinity if it has said nothing. */
  private gone = Number.POSITIVE_INFINITY
  private readonly ranges = new Ranges()
  private standing = new Standing(new Map())
  /** How often in a row the node did not have the logs of a block that it knows. */
  private waits = 0

  /** `from`: the first block; the newest one if undefined. */
  constructor(addresses: readonly string[], from: number | undefined) {
    this.addresses = addresses
    if (from !== undefined) this.last = from - 1
  }

  /**
   * Goes on behind logs of former runs, whatever `from` was: from the first block on that may have been replaced in the meantime. To be
   * called before the first `catchUp`.
   */
  resume(standing: Standing): void {
    this.standing = standing
    const { from } = standing
    if (from === undefined) return
    // A contract of which nothing stands begins where it was asked to.
    const begun = this.addresses.every(address => standing.has(address))
    this.last = Math.min(from - 1, begun ? Number.POSITIVE_INFINITY : (this.last ?? Number.POSITIVE_INFINITY))
  }

  /** Ranges of blocks that nodes have refused. */
  get refused(): number {
    return this.ranges.refused
  }

  /** The node says that a block is gone, and with it all after it: the next `catchUp` takes them back. */
  removed(hash: string): void {
    const block = this.kept.find(kept => kept.hash === hash)
    if (block) this.gone = Math.min(this.gone, block.number)
  }

  /** Yields all steps up to the newest block. Rejects if the node is lost or talks nonsense; the steps before that count. */
  async *catchUp(node: Blocks): AsyncGenerator<Step> {
    for (let reading = 0; reading < READINGS; ) {
      const head = await node.newest()
      const standing = await this.standingBlocks(node, head)
      const gone = this.kept.slice(standing)
      const deep = standing === 0 && gone.length > 0
      const tip = this.kept[standing - 1]
      const first = deep ? gone[0]!.number : tip ? tip.number + 1 : (this.last ?? head.number - 1) + 1
      if (deep) yield this.forget(gone)
      if (head.number < first) {
        if (gone.length > 0 && !deep) yield this.undo(standing)
        return
      }
      const far = head.number - KEPT
      if (first <= far) {
        if (gone.length > 0 && !deep) yield this.undo(standing)
        if (yield* this.far(node, first, far)) continue
        return
      }
      const step = await this.near(node, standing, deep ? undefined : tip, first, head)
      if (step) {
        if (step !== 'behind') yield step
        return
      }
      reading += 1
    }
    throw new NodeError(`the chain moved under each of ${READINGS} readings`)
  }

  /** How many of the kept blocks are still part of the chain. */
  private async standingBlocks(node: Blocks, head: Header): Promise<number> {
    const { kept, gone } = this
    const tip = kept.at(-1)
    if (tip === undefined) return 0
    const told = gone < Number.POSITIVE_INFINITY
    if (!told && (head.hash === tip.hash || (head.parent === tip.hash && head.number === tip.number + 1))) return kept.length
    // Of what a node that is behind does not have yet it says nothing.
    const known = kept.filter(block => block.number <= head.number).length
    if (known === 0) throw new NodeError(`the node is at block ${head.number}, ${tip.number - head.number} behind what was read`)
    let standing = Math.min(known, kept.filter(block => block.number < gone).length)
    while (standing > 0 && (await this.hashAt(node, kept[standing - 1]!.number)) !== kept[standing - 1]!.hash) standing -= 1
    return standing === known && !told ? kept.length : standing
  }

  private async hashAt(node: Blocks, number: number): Promise<string> {
    return (await headerAt(node, number)).hash
  }

  /** Takes back blocks that are not part of the chain any more. */
  private undo(standing: number): Step {
    const gone = this.kept.slice(standing)
    this.kept = this.kept.slice(0, standing)
    this.gone = Number.POSITIVE_INFINITY
    this.last = gone[0]!.number - 1
    return { logs: takenBack(gone), bad: {} }
  }

  private forget(gone: readonly Kept[]): Step {
    return { ...this.undo(0), bad: { gap: 1 }, deeper: gone[0]!.number }
  }

  /** Reads blocks that are final: their logs are enough. Returns false if the node does not have the logs of some yet. */
  private async *far(node: Blocks, from: number, to: number): AsyncGenerator<Step, boolean> {
    let next = from
    for await (const { to: last, ...found } of this.read(node, from, to)) {
      const headers = await inTurns(checkedOf(next, last, to), number => headerAt(node, number))
      const checked = await checkedAgainstBlooms(node, headers, found, this.addresses)
      if (this.isBehind(checked)) return false
      const times = await timesOf(node, checked.found.logs)
      const { logs, bad } = chainLogs(checked, times, headers)
      this.kept = []
      this.last = last
      next = last + 1
      yield { logs: this.standing.replace(logs, last), bad }
    }
    return true
  }

  /** Says whether to wait for a node that lacks logs, which has an end: then what it lacks is lost. */
  private isBehind({ missing }: Checked): boolean {
    if (missing.size > 0 && this.waits < WAITS) {
      this.waits += 1
      return true
    }
    this.waits = 0
    return false
  }

  /**
   * Reads the newest blocks, each with its hash, and the logs of exactly these; with them goes back what they replace. Nothing has happened
   * if the chain moved meanwhile (undefined), or if the node does not have all logs yet ('behind').
   */
  private async near(
    node: Blocks,
    standing: number,
    tip: Header | undefined,
    first: number,
    head: Header,
  ): Promise<Step | 'behind' | undefined> {
    const headers = [...(await inTurns(numbers(first, head.number - 1), number => headerAt(node, number))), head]
    const linked = headers.every((header, i) => (headers[i - 1] ?? tip)?.hash === header.parent || (i === 0 && tip === undefined))
    if (!linked) return undefined
    const found = first === head.number ? await node.logsIn(head, this.addresses) : await this.readWhole(node, first, head.number)
    const byNumber = new Map(headers.map(header => [header.number, header]))
    if (found.logs.some(log => byNumber.get(log.block)?.hash !== log.hash)) return undefined
    // Blocks without logs do not show whose logs these are; that the last one still stands does.
    if (first !== head.number && (await this.hashAt(node, head.number)) !== head.hash) return undefined
    const checked = await checkedAgainstBlooms(node, headers, found, this.addresses)
    if (checked.found.logs.some(log => byNumber.get(log.block)?.hash !== log.hash)) return undefined
    if (this.isBehind(checked)) return 'behind'
    const { logs, bad } = chainLogs(checked, new Map(headers.map(header => [header.hash, header.t])), headers)
    const gone = this.kept.slice(standing)
    const added = headers.map(header => ({ ...header, logs: logs.filter(log => log.block === header.number) }))
    this.kept = [...this.kept.slice(0, standing), ...added].slice(-KEPT)
    this.gone = Number.POSITIVE_INFINITY
    this.last = head.number
    return { logs: [...takenBack(gone), ...this.standing.replace(logs, head.number)], bad }
  }

  private read(node: Blocks, from: number, to: number): AsyncGenerator<Found & { readonly to: number }> {
    return this.ranges.read((first, last) => node.logsFrom(first, last, this.addresses), from, to)
  }

  private async readWhole(node: Blocks, from: number, to: number): Promise<Found> {
    const logs: FoundLog[] = []
    let unreadable = 0
    for await (const found of this.read(node, from, to)) {
      logs.push(...found.logs)
      unreadable += found.unreadable
    }
    return { logs, unreadable }
  }
}

const headerAt = async (node: Blocks, number: number): Promise<Header> => {
  const header = await node.header(number)
  if (header?.number !== number) throw new NodeError(`the node has no block ${number}`)
  return header
}

const takenBack = (gone: readonly Kept[]): ChainLog[] =>
  gone
    .flatMap(({ logs }) => logs)
    .reverse()
    .map(log => ({ ...log, removed: true }))

/** Returns the times of the blocks of these logs, by hash; asks the node if the logs do not have them. */
const timesOf = async (node: Blocks, logs: readonly FoundLog[]): Promise<Map<string, number>> => {
  const untold = [...new Map(logs.filter(log => Number.isNaN(log.t)).map(log => [log.hash, log.block]))]
  const headers = await inTurns(untold, ([, number]) => headerAt(node, number))
  return new Map(headers.map(({ t }, i) => [untold[i]![0], t]))
}

/** Returns what came and what is lost, in the order of the chain. */
const chainLogs = (
  { found: { logs, unreadable }, missing }: Checked,
  times: ReadonlyMap<string, number>,
  headers: readonly Header[],
): { logs: ChainLog[]; bad: BadCounts } => {
  const bad: Partial<Record<Bad, number>> = unreadable > 0 ? { unreadable } : {}
  const good: ChainLog[] = headers.flatMap(({ number: block, t }) =>
    (missing.get(block) ?? []).map(address => ({ t, block, index: 0, address, topics: [], data: '0x', lost: true as const })),
  )
  if (good.length > 0) bad.gap = good.length
  for (const { hash, t: said, ...log } of logs) {
    const t = times.get(hash) ?? said
    if (t >= FIRST_TIME) good.push({ ...log, t })
    else bad.time = (bad.time ?? 0) + 1
  }
  if (missing.size > 0) good.sort((a, b) => a.block - b.block || a.index - b.index)
  return { logs: good, bad }
}

/** Returns the blocks of a range whose blooms are looked at, in order; all behind it up to `end` are to be read as well. */
const checkedOf = (from: number, to: number, end: number): number[] => {
  const recent = Math.max(from, end - CHECKED)
  const older = Math.min(to, recent - 1)
  if (older - from < SAMPLES) return numbers(from, to)
  const some = Array.from({ length: SAMPLES }, (_, i) => from + Math.round(((older - from) * i) / (SAMPLES - 1)))
  return [...some, ...numbers(recent, to)]
}

const numbers = (from: number, to: number): number[] => Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)

/** Asks for each, a few at once; in the order of the items. */
const inTurns = async <Item, Result>(items: readonly Item[], ask: (item: Item) => Promise<Result>): Promise<Result[]> => {
  const results: Result[] = []
  for (let i = 0; i < items.length; i += AT_ONCE) results.push(...(await Promise.all(items.slice(i, i + AT_ONCE).map(ask))))
  return results
}
