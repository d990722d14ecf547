import { channelsOf } from '../../../streams/channels/registry.ts'
import { parseChannel } from '../../../streams/wire/channels.ts'
import type { Access, Principal } from '../../identity/access.ts'

export interface ChannelDirectoryOptions {
  /** What the pipeline can show now, and whether a symbol is among it. */
  readonly seen: () => Iterable<string>
  readonly wasSeen: (symbol: string) => boolean
  /** Symbols that the configuration or a feed names, or of which something is stored. */
  readonly symbols: ReadonlySet<string>
  /** A feed may still bring symbols that nobody has named. */
  readonly openEnded: boolean
  /** Channels that are there whatever is traded: of portfolios, funds, pools, the server itself. */
  readonly fixed: ReadonlySet<string>
  readonly access: Access
}

/** A reply lists at most so many names. */
const NAMES_MAX = 10_000

/** Which channels there are. A symbol's are there once it was seen, or where the configuration or a feed names it. */
export class ChannelDirectory {
  private readonly options: ChannelDirectoryOptions

  constructor(options: ChannelDirectoryOptions) {
    this.options = options
  }

  has(channel: string): boolean {
    const name = parseChannel(channel)
    if (name === undefined) return false
    if (name.kind !== 'tick' && name.kind !== 'trades' && name.kind !== 'candle') return this.options.fixed.has(channel)
    return this.options.symbols.has(name.id) || this.options.openEnded || this.options.wasSeen(name.id)
  }

  /** Sorted; `like` may hold `*` for anything. */
  list(who: Principal, like = '*'): string[] {
    const matches = glob(like)
    const names = new Set<string>([...this.options.fixed, ...this.options.seen()])
    for (const symbol of this.options.symbols) for (const channel of channelsOf(symbol)) names.add(channel)
    return [...names]
      .filter(name => matches(name) && this.options.access(who, { read: name }))
      .sort()
      .slice(0, NAMES_MAX)
  }
}

/** `*` stands for anything. Each piece is looked for from where the one before ended, so no pattern can take long. */
const glob = (pattern: string): ((name: string) => boolean) => {
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
