import { Subject } from 'rxjs'
import { channelsOf, KINDS, type KindOf, kindOf, parseChannel } from '../../../streams/wire/channels.ts'
import { ProtocolError } from '../../../streams/wire/errors.ts'
import { type Access, access, authorize, type Principal, type Readers } from '../../identity/access.ts'

/** What is known of channels from the start. */
export interface ChannelDirectoryOptions {
  /** A feed may still bring symbols that nobody has named. */
  readonly openEnded: boolean
  /** Who reads which channel, as the configuration says. */
  readonly readers: ReadonlyMap<string, Readers>
  /** Who reads a fund or portfolio of which the configuration says nothing, if it has no owner. */
  readonly byDefault: Readers
  /** Who puts rows into which portfolio. */
  readonly recorders: ReadonlyMap<string, Readers>
}

/** All that a directory knows, as it goes to another process. */
export interface DirectoryFacts {
  readonly openEnded: boolean
  readonly byDefault: Readers
  readonly readers: readonly (readonly [channel: string, readers: Readers])[]
  readonly recorders: readonly (readonly [portfolio: string, recorders: Readers])[]
  readonly fixed: readonly string[]
  readonly symbols: readonly string[]
}

/** What a directory has learnt: a symbol, or channels that are there whatever is traded, the first of which has these readers. */
export type DirectoryChange = { readonly symbol: string } | { readonly fixed: readonly string[]; readonly readers: Readers }

/** How many funds, portfolios, pools and symbols somebody may read. */
export interface Readable {
  readonly funds: number
  readonly portfolios: number
  readonly pools: number
  readonly symbols: number
}

/** A reply lists at most this many names. */
const NAMES_MAX = 10_000

/**
 * Knows which channels there are and who reads them. A symbol's are there once it was seen, or if the configuration, a feed or the store
 * names it; a fund's, a portfolio's and a pool's once they are added; the server's own always.
 */
export class ChannelDirectory {
  /** The function that every channel, command and route asks. It follows what is added. */
  readonly access: Access
  /** Names of channels, as they are added. */
  readonly added$ = new Subject<string>()
  /** What is learnt, as it is. */
  readonly changes$ = new Subject<DirectoryChange>()
  private options: Pick<ChannelDirectoryOptions, 'openEnded' | 'byDefault'>
  private readonly recorders: Map<string, Readers>
  private readonly readers: Map<string, Readers>
  /** Channels that are there whatever is traded. */
  private readonly fixed = new Set<string>(KINDS.filter(kind => kindOf(kind).id === 'none'))
  private readonly symbols = new Set<string>()

  constructor(options: ChannelDirectoryOptions) {
    this.options = options
    this.readers = new Map(options.readers)
    this.recorders = new Map(options.recorders)
    this.access = access(this.readers, this.recorders)
  }

  /** Adds a symbol that the configuration, a feed or the store names, or that has had a tick. */
  addSymbol(symbol: string): void {
    if (this.symbols.has(symbol)) return
    this.symbols.add(symbol)
    this.changes$.next({ symbol })
    if (this.added$.observed) for (const channel of channelsOf(symbol)) this.added$.next(channel)
  }

  /**
   * Adds the channel of a fund, a portfolio or a pool, and those that have the same readers. If the configuration names no readers, they are
   * its owner, or those by default if these are everybody or there is no owner.
   */
  add(kind: KindOf<'name'>, id: string, owner = ''): void {
    const { byDefault } = this.options
    const channel = `${kind}:${id}`
    const readers = this.readers.get(channel) ?? (byDefault === 'public' || owner === '' ? byDefault : [owner])
    this.fix([channel, ...KINDS.filter(other => kindOf(other).readers === kind).map(other => `${other}:${id}`)], readers)
  }

  /** All that it knows. */
  get facts(): DirectoryFacts {
    const { openEnded, byDefault } = this.options
    const { readers, recorders, fixed, symbols } = this
    return { openEnded, byDefault, readers: [...readers], recorders: [...recorders], fixed: [...fixed], symbols: [...symbols] }
  }

  /** Learns what another directory has learnt. */
  learn(change: DirectoryChange): void {
    if ('symbol' in change) this.addSymbol(change.symbol)
    else this.fix(change.fixed, change.readers)
  }

  /** Becomes a copy of another directory: knows what that one knows, and no more. */
  copy({ openEnded, byDefault, readers, recorders, fixed, symbols }: DirectoryFacts): void {
    this.options = { openEnded, byDefault }
    replace(this.readers, readers)
    replace(this.recorders, recorders)
    const traded = new Set(symbols)
    for (const known of [...this.symbols]) if (!traded.has(known)) this.symbols.delete(known)
    const [were, are] = [[...this.fixed], new Set(fixed)]
    for (const name of were) if (!are.has(name)) this.fixed.delete(name)
    for (const symbol of symbols) this.addSymbol(symbol)
    for (const name of fixed) this.fix([name])
  }

  private fix(names: readonly string[], readers?: Readers): void {
    if (readers !== undefined) this.readers.set(names[0]!, readers)
    const added = names.filter(name => !this.fixed.has(name))
    if (added.length === 0) return
    if (readers !== undefined) this.changes$.next({ fixed: names, readers })
    for (const name of added) {
      this.fixed.add(name)
      this.added$.next(name)
    }
  }

  /** Returns whether there is such a channel, no matter who may read it. */
  has(channel: string): boolean {
    const name = parseChannel(channel)
    if (name === undefined) return false
    const { id } = kindOf(name.kind)
    if (id === 'none' || id === 'name') return this.fixed.has(channel)
    return this.symbols.has(name.id) || this.options.openEnded
  }

  /** Throws a ProtocolError if there is no such channel, or if `who` may not read it. */
  authorizeRead(who: Principal, channel: string): void {
    if (!this.has(channel)) throw new ProtocolError('unknown_channel')
    authorize(this.access, who, { read: channel })
  }

  /** Returns how much `who` may read. */
  readable(who: Principal): Readable {
    const counts = { fund: 0, pnl: 0, pool: 0 }
    for (const channel of this.fixed) {
      const kind = channel.slice(0, channel.indexOf(':'))
      if (Object.hasOwn(counts, kind) && this.access(who, { read: channel })) counts[kind as keyof typeof counts] += 1
    }
    // Symbols are read by all or by none.
    const [symbol] = this.symbols
    const symbols = symbol !== undefined && this.access(who, { read: `tick:${symbol}` }) ? this.symbols.size : 0
    return { funds: counts.fund, portfolios: counts.pnl, pools: counts.pool, symbols }
  }

  /** Returns the names that `who` may read, sorted, at most 10,000; `like` may hold `*` for anything. */
  list(who: Principal, like = '*'): string[] {
    const matches = glob(like)
    const names = new Set<string>(this.fixed)
    for (const symbol of this.symbols) for (const channel of channelsOf(symbol)) names.add(channel)
    return [...names]
      .filter(name => matches(name) && this.access(who, { read: name }))
      .sort()
      .slice(0, NAMES_MAX)
  }
}

const replace = <K, V>(map: Map<K, V>, entries: Iterable<readonly [K, V]>): void => {
  map.clear()
  for (const [key, value] of entries) map.set(key, value)
}

/** Returns whether a name fits a pattern, in which `*` stands for anything. Each piece is looked for behind the one before, so no pattern takes long. */
export const glob = (pattern: string): ((name: string) => boolean) => {
  const pieces = pattern.split('*')
  if (pieces.length === 1) return name => name === pattern
  const first = pieces[0]!
  const last = pieces.at(-1)!
  return name => {
    if (!name.startsWith(first) || !name.endsWith(last)) return false
    let at = first.length
    for (const piece of pieces.slice(1, -1)) {
      const found = name.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return at <= name.length - last.length
  }
}
