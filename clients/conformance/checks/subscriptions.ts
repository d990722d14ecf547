import { aChannel, type Check, movingChannel } from '../check.ts'
import type { Conversation } from '../conversation.ts'
import type { Push, Subscribed } from '../followed.ts'
import { must, Skipped, same } from '../mismatch.ts'

/** Pushes that a check looks at. */
const SOME = 5

/** Subscriptions and what is pushed. */
export const SUBSCRIPTIONS: readonly Check[] = [
  {
    name: 'the reply to subscribe comes before the first push, which is a snapshot of the epoch and at least the seq of the reply',
    over: 'websocket',
    async run({ open, moving }) {
      const line = await open()
      const { [moving]: said } = await line.subscribe([moving])
      const { push } = (await line.follows(moving)).pushes[0]!
      must(
        push.snap !== undefined && push.epoch === said?.epoch && push.seq! >= said!.seq!,
        'the first push',
        push,
        `a snapshot of ${JSON.stringify(said)}`,
      )
    },
  },
  {
    name: 'a channel that does not exist is refused by itself, and the others are followed',
    over: 'websocket',
    async run({ open, moving }) {
      const line = await open()
      const said = await line.subscribe(['nonsense:X', moving])
      same('nonsense:X', said['nonsense:X']?.error?.code, 'unknown_channel')
      same('nonsense:X: retry', said['nonsense:X']?.error?.retry, false)
      await line.follows(moving)
    },
  },
  {
    name: 'each patch follows from the one before, and all together make the state that another client gets as a snapshot',
    over: 'websocket',
    async run(subject) {
      const channel = movingChannel(subject)
      const [line, other] = await Promise.all([subject.open(), subject.open()])
      await line.subscribe([channel])
      const followed = await line.follows(channel, SOME)
      await other.subscribe([channel])
      const { push, text } = await snapshotOf(other, channel)
      await line.until(() => followed.seq >= push.seq!, `patches up to ${push.seq}`)
      const own = followed.texts.get(push.seq!)
      if (own === undefined) throw new Skipped('the patches of this client are merged')
      must(own === text, `the state at ${push.seq}`, own, text)
    },
  },
  {
    name: 'pushes of several channels come in the order of their event times',
    over: 'websocket',
    async run(subject) {
      const channel = movingChannel(subject)
      const others = subject.channels.filter(name => /^(tick|fund|pnl):/.test(name)).slice(0, 20)
      const line = await subject.open()
      await line.subscribe([...new Set([channel, ...others])])
      // That t never goes back is held at every push.
      await line.follows(channel, 2 * SOME)
    },
  },
  {
    name: 'a channel that is unsubscribed is pushed no more',
    over: 'websocket',
    async run({ open, moving }) {
      const line = await open()
      await line.subscribe([moving])
      await line.follows(moving, 1)
      same('unsubscribe', await line.ask('unsubscribe', { channels: [moving] }), {})
      // What was on its way has come.
      await line.ask('ping')
      const before = line.pushes.length
      await line.pause(1_500)
      same('pushes after unsubscribe', line.pushes.length - before, 0)
    },
  },
  {
    name: 'subscribing again replaces the subscription',
    over: 'websocket',
    async run({ open, moving }) {
      const line = await open()
      await line.subscribe([moving])
      await line.follows(moving)
      await line.subscribe([moving])
      // Two subscriptions would push everything twice, of which the second does not follow from the first.
      await line.follows(moving, 2)
    },
  },
  {
    name: 'a client that comes back in time gets what it missed, patch by patch',
    over: 'websocket',
    async run(subject) {
      const channel = movingChannel(subject)
      const [line, back, keeper] = await Promise.all([subject.open(), subject.open(), subject.open()])
      await keeper.subscribe([channel])
      await line.subscribe([channel])
      const known = await line.follows(channel, 1)
      line.close()
      back.takeOver(known)
      const { seq } = known
      await keeper.follows(channel, 3)
      const { [channel]: said } = await back.subscribe([channel], { resume: { [channel]: { epoch: known.epoch, seq } } })
      same('the reply: recovered', said?.recovered, true)
      const { push } = (await back.follows(channel)).pushes[0]!
      must(push.d !== undefined && (push.prev ?? push.seq! - 1) === seq, 'the first push', push, `the patch after ${seq}`)
      await back.follows(channel, 2)
    },
  },
  {
    name: 'a client of another epoch gets a snapshot, and learns that it missed something',
    over: 'websocket',
    async run({ open, moving }) {
      const line = await open()
      const { [moving]: said } = await line.subscribe([moving], { resume: { [moving]: { epoch: 'of-another-start', seq: 1 } } })
      same('the reply: recovered', said?.recovered, false)
      must((await line.follows(moving)).pushes[0]!.push.snap !== undefined, 'the first push', 'a patch', 'a snapshot')
    },
  },
  {
    name: 'maxRate is reduced to a rate, which is never exceeded after the snapshot, and merged patches say of how many they are',
    over: 'websocket',
    async run(subject) {
      const line = await subject.open()
      const channel = movingChannel(subject)
      const rates: Record<string, Subscribed> = await line.subscribe([channel], { maxRate: 4.5 })
      same('the reply: rate', rates[channel]?.rate, 2)
      await line.follows(channel)
      const seconds = 3
      await line.pause(seconds * 1000)
      // On the way pushes come closer to each other than they were sent, so not each second is counted but all of them.
      const further = line.followed.get(channel)!.pushes.length - 1
      must(further <= 2 * seconds + 2, `pushes in ${seconds} s after the snapshot`, further, `about ${2 * seconds}`)
      must(
        line.pushes.some(({ merged = 0 }) => merged > 1),
        'pushes',
        'no merged one',
        'merged patches that say of how many they are',
      )
    },
  },
  {
    name: 'checksums come after the snapshot and after merged patches, and are those of the states',
    over: 'websocket',
    async run(subject) {
      const line = await subject.open()
      const channel = movingChannel(subject)
      await line.subscribe([channel], { checksum: true, maxRate: 2 })
      const { checksums } = await line.follows(channel, 2)
      await line.until(() => (line.followed.get(channel)?.checksums ?? 0) >= Math.max(2, checksums), 'checksums')
    },
  },
  {
    name: 'a heartbeat comes at least every 5 s',
    over: 'websocket',
    async run({ open }) {
      const line = await open()
      await line.until(() => line.heartbeats.length >= 1, 'a heartbeat', 6_000)
      await line.until(() => line.heartbeats.length >= 2, 'a heartbeat within 5 s of the one before', 6_000)
    },
  },
  {
    name: 'a channel that nobody has seen yet can be had at once, if its name is known',
    over: 'websocket',
    async run(subject) {
      const line = await subject.open()
      const channel = aChannel(subject, 'trades', 'candle')
      await line.subscribe([channel])
      must((await line.follows(channel)).pushes[0]!.push.snap !== undefined, 'the first push', 'a patch', 'a snapshot')
    },
  },
  {
    name: 'private channels need a login',
    over: 'websocket',
    async run({ open }) {
      const said = await (await open()).subscribe(['orders', 'holdings'])
      for (const channel of ['orders', 'holdings']) same(channel, said[channel]?.error?.code, 'not_logged_in')
    },
  },
]

const snapshotOf = async (line: Conversation, channel: string): Promise<{ push: Push; text: string }> => {
  const { pushes, texts } = await line.follows(channel)
  const { push } = pushes[0]!
  return { push, text: texts.get(push.seq!)! }
}
