import type { Branch, StateTree } from '../../streams/channels/stateTree.ts'
import { clientAccount, fundOfShares } from '../../streams/ledger/accounts.ts'
import type { Entry } from '../../streams/ledger/entry.ts'
import { readEntry } from '../../streams/ledger/entryText.ts'
import { formatDecimal } from '../../streams/lib/decimal.ts'
import type { Json, JsonObject } from '../../streams/wire/mergePatch.ts'
import { orderOf } from '../clearing/order.ts'
import type { ClearingPort, ClientHoldings, CommitEvents, OrderOutcome } from '../clearing/port.ts'
import { channelFor, ownerOf, shownName } from '../identity/access.ts'
import type { ServerChannels } from './serverChannels.ts'

/** Orders that `orders` shows. */
const SHOWN = 100

/** Writes what a commit has changed into a state. */
type Update = (entry: Entry) => void

/** Offers each client's own `orders` and `holdings`: fetched when somebody begins to listen, and kept up with each commit from then on. */
export const offerPrivateChannels = (serverChannels: ServerChannels, clearing: ClearingPort): void => {
  const open = new Map<string, Update>()

  clearing.commits$.subscribe(({ watched }: CommitEvents) => {
    let touched = false
    for (const { text, clients } of watched) {
      let entry: Entry | undefined
      for (const client of clients) {
        for (const kind of ['orders', 'holdings']) {
          const name = channelFor({ user: client, admin: false }, kind)
          const update = open.get(name)
          if (update === undefined) continue
          entry ??= readEntry(text)
          update(entry)
          serverChannels.touch(name)
          touched = true
        }
      }
    }
    if (touched) serverChannels.flush()
  })

  serverChannels.offer({
    matches: name => ownerOf(name) !== undefined,
    async open(name) {
      const who = ownerOf(name)!
      // Entries count from the question on, not from the answer on: one committed in between would be in neither.
      const meanwhile: Entry[] = []
      open.set(name, entry => void meanwhile.push(entry))
      const watching = clearing.ask('watch', { who, by: name, on: true })
      const begin = name.startsWith('orders')
        ? showOrders(who, (await Promise.all([clearing.ask('orders', { who }), watching]))[0])
        : showHoldings(who, (await Promise.all([clearing.ask('holdings', { who }), watching]))[0])
      return state => {
        const update = begin(state)
        for (const entry of meanwhile) update(entry)
        open.set(name, update)
        return { shown: shownName(name), write: () => {} }
      }
    },
    closed(name) {
      open.delete(name)
      // A clearing house that misses this reports commits that nobody listens to.
      clearing.ask('watch', { who: ownerOf(name)!, by: name, on: false }).catch(() => {})
    },
  })
}

const showHoldings =
  (who: string, { assets, shares }: ClientHoldings) =>
  (state: StateTree): Update => {
    const root = state.root
    const [assetsBranch, sharesBranch] = [root.branch('assets').keep(), root.branch('shares').keep()]
    for (const [asset, amount] of Object.entries(assets)) assetsBranch.value(asset).set(amount)
    for (const [fund, amount] of Object.entries(shares)) sharesBranch.value(fund).set(amount)
    const own = clientAccount(who)
    return ({ postings }) => {
      for (const { account, asset, after } of postings) {
        if (account !== own) continue
        const fund = fundOfShares(asset)
        const leaf = fund === undefined ? assetsBranch.value(asset) : sharesBranch.value(fund)
        leaf.set(after === 0n ? undefined : formatDecimal(after))
      }
    }
  }

const showOrders =
  (who: string, recent: readonly OrderOutcome[]) =>
  (state: StateTree): Update => {
    const root = state.root
    const shown: string[] = []
    let newest = 0
    const show = (order: JsonObject): void => {
      const key = order.key as string
      newest = order.seq as number
      write(root.branch(key), order)
      shown.push(key)
      if (shown.length > SHOWN) root.branch(shown.shift()!).remove()
    }
    for (const { order } of recent) show(JSON.parse(order) as JsonObject)
    return entry => {
      if (entry.who === who && 'key' in entry && entry.seq > newest) show(orderOf(entry) as JsonObject)
    }
  }

const write = (branch: Branch, value: JsonObject): void => {
  for (const [key, member] of Object.entries(value)) {
    if (typeof member === 'number') branch.exact(key).set(member)
    else if (typeof member === 'object' && !Array.isArray(member)) write(branch.branch(key), member as JsonObject)
    else branch.value(key).set(member as string | boolean | readonly Json[])
  }
}
