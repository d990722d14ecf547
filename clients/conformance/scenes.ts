import { Mismatch, must, Skipped } from './mismatch.ts'
import { CHANNEL, type Stage } from './stage.ts'

/** A rule for clients, and the scene that tries it. */
export interface Scene {
  readonly name: string
  play(stage: Stage): Promise<void>
}

/** The client must subscribe the channel again, to begin with a snapshot. */
const beginsAgain = async (stage: Stage): Promise<void> => {
  const asked = await stage.subscription()
  must(
    asked.resume[CHANNEL] === undefined,
    `subscribe: resume of ${CHANNEL}`,
    asked.resume[CHANNEL],
    'none, because the state is not right',
  )
  // These belong to nothing that the client has.
  stage.patch({ nav: 1 })
  stage.patch({ nav: 2 })
  stage.reply(asked)
  stage.patch({ nav: 3 })
  stage.snapshot({ nav: 103, units: { BTC: '1' } })
  stage.patch({ nav: 104 })
}

/** Every scene, in the order in which they are played. */
export const SCENES: readonly Scene[] = [
  {
    name: 'subscribes, and takes a snapshot',
    async play(stage) {
      stage.reply(await stage.opened())
      stage.snapshot({ nav: 101.36, weights: { BTC: 0.25, ETH: 0.2 }, halted: false })
    },
  },
  {
    name: 'applies merge patches: replaces, merges, removes',
    async play(stage) {
      stage.patch({ nav: 101.37, weights: { BTC: 0.2503 } })
      stage.patch({ weights: { ETH: null, SOL: 0.1 }, halted: null, inav: { mid: 101, bid: null } })
      stage.patch({ inav: { mid: { of: 'an object' } }, none: null })
      stage.patch({ inav: 7, weights: {} })
      stage.patch(JSON.parse('{"__proto__":{"a":1},"constructor":{"b":null},"10":1,"9":2,"ü":"€"}'))
      await stage.agrees()
    },
  },
  {
    name: 'applies a merged patch from where it says',
    async play(stage) {
      stage.patch({ nav: 102 }, 15)
      stage.patch({ nav: 102.5 })
      await stage.agrees()
    },
  },
  {
    name: 'ignores channels, members and pushes that it does not know',
    async play(stage) {
      stage.line!.send({ ch: 'fund:ANOTHER', seq: 7, t: 1, d: { nav: 1 } })
      stage.line!.send({ later: { nav: 1 } })
      stage.push({ seq: ++stage.seq, t: 1_723_161_255_000, d: {}, later: true })
      await stage.agrees()
    },
  },
  {
    name: 'takes a snapshot at any time',
    async play(stage) {
      stage.seq += 30
      stage.snapshot({ nav: 90, prices: { BTC: 61_000.5 } })
      stage.patch({ nav: 91 })
      await stage.agrees()
    },
  },
  {
    name: 'subscribes again if a patch is missing, and ignores patches until the snapshot',
    async play(stage) {
      stage.miss({ nav: 92 })
      stage.patch({ prices: { BTC: 61_001 } })
      await beginsAgain(stage)
      if (stage.checksum) await stage.agrees()
    },
  },
  {
    name: 'subscribes again if a checksum is not that of its state',
    async play(stage) {
      if (!stage.checksum) throw new Skipped('the client asks for no checksums')
      stage.push({ seq: stage.seq, h: '00000000' })
      await beginsAgain(stage)
      await stage.agrees()
    },
  },
  {
    name: 'comes back after a cut and resumes: what it missed follows, patch by patch',
    async play(stage) {
      const asked = await stage.resumed()
      stage.reply(asked, { recovered: true })
      for (const nav of [105, 106, 107]) stage.patch({ nav })
      if (stage.checksum) await stage.agrees()
    },
  },
  {
    name: 'begins with a snapshot of a new epoch if it cannot resume, and resumes by that epoch',
    async play(stage) {
      const asked = await stage.resumed()
      stage.epoch = `second-${stage.seq}`
      stage.seq = 3
      stage.reply(asked, { recovered: false })
      stage.snapshot({ nav: 80 })
      stage.patch({ nav: 81 })
      if (stage.checksum) await stage.agrees()
      // Without a checksum nothing shows when a client has taken a patch in: it gets this long, ms.
      else await new Promise(resolve => setTimeout(resolve, 300))
      stage.reply(await stage.resumed(), { recovered: true })
    },
  },
  {
    name: 'stays away as long as the server asks before it stops',
    async play(stage) {
      const wait = 2_000
      stage.line!.send({ bye: { reason: 'an update', reconnectInMs: wait } })
      const before = performance.now()
      stage.line!.end(1001)
      const asked = await stage.opened()
      const away = performance.now() - before
      must(away >= wait * 0.95, 'time away', `${Math.round(away)} ms`, `at least ${wait} ms`)
      stage.reply(asked, { recovered: true })
    },
  },
  {
    name: 'gives up a line on which even the heartbeats stay away',
    async play(stage) {
      const before = performance.now()
      stage.line!.silent = true
      const asked = await stage.opened()
      const after = performance.now() - before
      if (after > 25_000) throw new Mismatch('time until it came back', `${Math.round(after)} ms`, 'about 15 s')
      stage.reply(asked, { recovered: true })
    },
  },
]
