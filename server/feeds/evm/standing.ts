import type { Place, StandingLogs } from '../../../streams/pools/canonicalLogs.ts'
import type { ChainLog } from '../../../streams/pools/chainLog.ts'

/** Logs of some contracts that stand already, while the chain is read again from before them: what it has in their place replaces them. */
export class Standing {
  private readonly of: Map<string, StandingLogs>

  /** Takes what stands by addresses in lower case. Contracts of which nothing does are left out. */
  constructor(standing: ReadonlyMap<string, StandingLogs>) {
    this.of = new Map([...standing].filter(([, { final, recent }]) => final !== undefined || recent.length > 0))
  }

  /** Says whether something of a contract stands. */
  has(address: string): boolean {
    return this.of.has(address)
  }

  /** The block from which on the chain is to be read again; undefined if nothing stands. */
  get from(): number | undefined {
    const first = [...this.of.values()].map(({ final, recent }) => (final ? final.block + 1 : recent[0]!.block))
    return first.length === 0 ? undefined : Math.min(...first)
  }

  /**
   * Returns what is new in the logs that were found up to the block `through`: first those that stand no more, newest first, then those
   * that have come.
   */
  replace(found: readonly ChainLog[], through: number): readonly ChainLog[] {
    if (this.of.size === 0) return found
    const gone: ChainLog[] = []
    const come: ChainLog[] = found.filter(({ address }) => !this.of.has(address.toLowerCase()))
    for (const [address, { final, recent }] of this.of) {
      const own = found.filter(log => log.address.toLowerCase() === address && !(final && isUpTo(log, final)))
      const expected = recent.filter(({ block }) => block <= through)
      let same = 0
      while (same < Math.min(own.length, expected.length) && isSame(own[same]!, expected[same]!)) same += 1
      const differs = same < expected.length
      if (differs) gone.push(...recent.slice(same))
      come.push(...own.slice(same))
      const left = differs ? [] : recent.slice(same)
      if (left.length > 0 || (final !== undefined && final.block > through)) this.of.set(address, { final, recent: left })
      else this.of.delete(address)
    }
    const takenBack = gone.sort(inOrder).reverse()
    return [...takenBack.map(log => ({ ...log, removed: true })), ...come.sort(inOrder)]
  }
}

const inOrder = (a: Place, b: Place): number => a.block - b.block || a.index - b.index

const isUpTo = (log: Place, final: Place): boolean => inOrder(log, final) <= 0

const isSame = (a: ChainLog, b: ChainLog): boolean =>
  inOrder(a, b) === 0 && a.t === b.t && a.data === b.data && a.lost === b.lost && a.topics.join() === b.topics.join()
