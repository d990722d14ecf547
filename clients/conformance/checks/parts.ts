import { canonical, type Json, type JsonObject } from '../../../streams/wire/mergePatch.ts'
import { eachLeaf, projected, valueAt } from '../../../streams/wire/statePath.ts'
import { type Check, movingChannel, type Subject } from '../check.ts'
import type { Conversation } from '../conversation.ts'
import type { Followed } from '../followed.ts'
import { must, Skipped } from '../mismatch.ts'

/** Pushes that a check looks at. */
const SOME = 5
/** States from which a check learns how far a figure moves. */
const LEARNT = 20
/** ms that pushes under a condition may take: few changes are as large. */
const PATIENCE_MS = 15_000

/** Subscriptions of some members of a state, and under a condition. */
export const PARTS: readonly Check[] = [
  {
    name: 'with fields the state is only these members, with the numbers and the checksums that belong to it',
    over: 'websocket',
    async run(subject) {
      const { channel, line, whole, figure } = await twoFollowers(subject)
      await line.subscribe([channel], { fields: [figure], checksum: true })
      const some = await line.follows(channel, SOME)
      await line.until(() => some.checksums > 0, `a checksum of ${channel}`, 6_000)
      await whole.until(() => followedOf(whole, channel).seq >= some.seq, `patches up to ${some.seq}`)
      compare(channel, some, followedOf(whole, channel), [figure])
    },
  },
  {
    name: 'with when pushes come if the figure has changed by more than the share since the last push, and only then',
    over: 'websocket',
    async run(subject) {
      const { channel, line, whole, figure } = await twoFollowers(subject)
      const all = followedOf(whole, channel)
      const change = usualChange(valuesOf(all, figure).map(({ value }) => value))
      await line.subscribe([channel], { when: { field: figure, change } })
      const some = await line.follows(channel, SOME, PATIENCE_MS)
      await whole.until(() => all.seq >= some.seq, `patches up to ${some.seq}`)
      compare(channel, some, all)
      const [first, ...further] = some.pushes.map(({ push }) => push.seq!)
      const due = duePushes(valuesOf(all, figure), first!, change).slice(0, further.length)
      must(
        String(further) === String(due),
        `${channel}, pushes after ${first} when ${figure} has changed by ${change}`,
        further,
        String(due),
      )
    },
  },
  ...(['fields', 'when'] as const).map(
    (parameter): Check => ({
      name: `a member in ${parameter} that no state of the channel can have is refused`,
      over: 'websocket',
      async run(subject) {
        const channel = movingChannel(subject)
        const line = await subject.open()
        const asked = parameter === 'fields' ? { fields: ['nonsense'] } : { when: { field: 'nonsense', change: 0.1 } }
        const { [channel]: said } = await line.subscribe([channel], asked)
        must(said?.error?.code === 'invalid_params', channel, said, 'the error invalid_params')
        must(said?.error?.retry === false, `${channel}: retry`, said?.error?.retry, 'false')
      },
    }),
  ),
]

const followedOf = (line: Conversation, channel: string): Followed => line.followed.get(channel)!

/** Two sockets, one of which follows the channel whole and has seen some of its states, and a figure of it that moves. */
const twoFollowers = async (subject: Subject) => {
  const channel = movingChannel(subject)
  const [line, whole] = await Promise.all([subject.open(), subject.open()])
  await whole.subscribe([channel])
  const all = await whole.follows(channel, LEARNT, PATIENCE_MS)
  return { channel, line, whole, figure: movingFigure(all) }
}

/** Returns the path of the figure that was another in most states. Throws Skipped if none changes at most pushes. */
const movingFigure = ({ texts, state }: Followed): string => {
  let [best, most] = ['', 0]
  eachLeaf(state, path => {
    // Times and counts always grow: a share of them is none of a figure.
    if (/(^|\.)(t|n|age|since|seq)$/.test(path)) return
    const values = new Set([...texts.values()].map(text => valueAt(JSON.parse(text) as JsonObject, path)))
    const numbers = [...values].filter(value => typeof value === 'number' && value !== 0)
    if (numbers.length > most) [best, most] = [path, numbers.length]
  })
  if (most < 3) throw new Skipped('no figure of the channel that changes moves')
  return best
}

/** A figure after a push. */
interface Value {
  readonly seq: number
  readonly value: Json | undefined
}

/** The figure after each push that is known, oldest first. */
const valuesOf = ({ texts }: Followed, path: string): Value[] =>
  [...texts].map(([seq, text]) => ({ seq, value: valueAt(JSON.parse(text) as JsonObject, path) }))

/** Returns a share that some changes from one value to the next exceed, and some do not; of unusual digits, so that nobody else asks for it. */
const usualChange = (values: readonly (Json | undefined)[]): number => {
  const shares = values
    .slice(1)
    .map((value, i) => Math.abs(Number(value) / Number(values[i]) - 1))
    .filter(share => share > 0 && Number.isFinite(share))
    .sort((a, b) => a - b)
  return shares[shares.length >> 1]! * (1 + Math.random() / 100)
}

/** Returns the numbers after `first` at which a push is due. */
const duePushes = (values: readonly Value[], first: number, change: number): number[] => {
  let last = Number(values.find(({ seq }) => seq === first)?.value)
  const due: number[] = []
  for (const { seq, value } of values) {
    if (seq <= first || Math.abs(Number(value) - last) <= change * Math.abs(last)) continue
    due.push(seq)
    last = Number(value)
  }
  return due
}

/** Throws a Mismatch if a state of `some` is not that of `all` at the same number; of these members, if they are named. */
const compare = (channel: string, some: Followed, all: Followed, fields?: readonly string[]): void => {
  for (const [seq, text] of some.texts) {
    const whole = all.texts.get(seq)
    if (whole === undefined) throw new Skipped('the patches of the client that follows the whole channel are merged')
    const expected = fields ? canonical(projected(JSON.parse(whole) as JsonObject, fields)) : whole
    must(text === expected, `${channel}, the state at ${seq}`, text, expected)
  }
}
