import { randomUUID } from 'node:crypto'
import type { Driftwire } from '../../clients/driftwire-client/src/index.ts'
import type { Quote } from '../../streams/wire/methods.ts'
import type { HoldingsState, Order } from '../../streams/wire/states.ts'
import { UsageError } from '../config/options.ts'
import { wrapped } from '../lib/plainText.ts'
import type { CommandContext } from './command.ts'
import { asClient, type ClientOptions } from './credentials.ts'
import { fixed, moment } from './terminal/figures.ts'
import { ask } from './terminal/prompt.ts'
import { paintFor } from './terminal/style.ts'
import { holdingsView, legsView, ordersView, orderView } from './views/orders.ts'
import type { Space } from './views/state.ts'

/** Two answers of the same kind: for people, and for programs. */
interface FormOptions extends ClientOptions {
  readonly json?: boolean
}

interface OrderOptions extends FormOptions {
  readonly key?: string
  readonly yes?: boolean
}

interface TransferOptions extends OrderOptions {
  readonly asset?: string
  readonly fund?: string
}

const spaceOf = ({ columns }: CommandContext): Space => ({ width: columns, paint: paintFor(process.stdout) })

const print = (lines: readonly string[]): void => console.log(lines.join('\n'))

/** Runs `quote create|redeem FUND AMOUNT`: what it would take and give now. Returns the exit code. */
export const quote = async (
  [side = '', fund = '', amount = '']: readonly string[],
  options: FormOptions,
  context: CommandContext,
): Promise<number> => {
  const wanted = { side: readSide(side), fund, amount: readAmount(amount) }
  const quoted = await asClient(options, context.environment, wire => wire.request('quote', wanted))
  if (options.json) console.log(JSON.stringify(quoted))
  else print(quoteView(quoted, spaceOf(context)))
  return 0
}

const quoteView = (quoted: Quote, space: Space): string[] => {
  const { side, fund, amount, nav, t } = quoted
  const rest = [...(nav === undefined ? [] : [`nav ${fixed(nav, 4)}`]), `at ${moment(t)} UTC`]
  return [...wrapped([`${side} ${amount} shares of ${fund}`, ...rest], space.width), ...legsView(quoted, space)]
}

/** Runs `create FUND AMOUNT` and `redeem FUND AMOUNT`. On a terminal it shows the quote and asks first. Returns 1 if it was rejected. */
export const order = async (
  side: 'create' | 'redeem',
  [fund = '', amount = '']: readonly string[],
  options: OrderOptions,
  context: CommandContext,
): Promise<number> => {
  const wanted = { fund, amount: readAmount(amount), key: options.key ?? randomUUID() }
  return placed(options, context, wanted.key, async wire => {
    if (asks(options)) {
      print(quoteView(await wire.request('quote', { side, fund, amount: wanted.amount }), spaceOf(context)))
      if (!(await agreed(`${side} ${wanted.amount} shares of ${fund}?`))) return undefined
    }
    return wire.orders[side](wanted)
  })
}

/** Runs `transfer CLIENT AMOUNT --asset ASSET | --fund FUND`. On a terminal it asks first. Returns 1 if it was rejected. */
export const transfer = async (
  [to = '', amount = '']: readonly string[],
  options: TransferOptions,
  context: CommandContext,
): Promise<number> => {
  const { asset, fund } = options
  if ((asset === undefined) === (fund === undefined)) throw new UsageError('transfer: found neither or both, expected --asset or --fund')
  const of = asset === undefined ? { fund: fund! } : { asset }
  const wanted = { to, amount: readAmount(amount), key: options.key ?? randomUUID(), ...of }
  const what = asset ?? `shares of ${fund}`
  return placed(options, context, wanted.key, async wire =>
    asks(options) && !(await agreed(`transfer ${wanted.amount} ${what} to ${to}?`)) ? undefined : wire.orders.transfer(wanted),
  )
}

/** Shows what became of an order. If the answer is lost, the key says how to ask for it. */
const placed = async (
  options: OrderOptions,
  context: CommandContext,
  key: string,
  place: (wire: Driftwire) => Promise<Order | undefined>,
): Promise<number> => {
  let answered: Order | undefined
  try {
    answered = await asClient(options, context.environment, place)
  } catch (error) {
    if (!(error instanceof UsageError))
      console.error(`driftwire: the order's key is ${key}: with --key ${key} it is done once, however often it is sent`)
    throw error
  }
  if (answered === undefined) {
    console.error('driftwire: nothing was ordered')
    return 1
  }
  if (options.json) console.log(JSON.stringify(answered))
  else print(orderView(answered, spaceOf(context)))
  return answered.status === 'settled' ? 0 : 1
}

const asks = ({ yes, json }: OrderOptions): boolean => process.stdin.isTTY && process.stdout.isTTY && !yes && !json

const agreed = async (question: string): Promise<boolean> => /^y(es)?$/i.test((await ask(`${question} [y/N] `, process.stdin)).trim())

/** Runs `orders`: the client's orders, newest first. Returns the exit code. */
export const orders = async (options: FormOptions, context: CommandContext): Promise<number> => {
  const known = await asClient(options, context.environment, wire => stateOf<Readonly<Record<string, Order>>>(wire, 'orders'))
  const all = Object.values(known).sort((a, b) => b.seq - a.seq)
  if (options.json) console.log(JSON.stringify({ orders: all }))
  else print(ordersView(all, spaceOf(context)))
  return 0
}

/** Runs `holdings`: what the client owns. Returns the exit code. */
export const holdings = async (options: FormOptions, context: CommandContext): Promise<number> => {
  const held: HoldingsState = await asClient(options, context.environment, wire => wire.request('holdings', {}))
  if (options.json) console.log(JSON.stringify(held))
  else print(holdingsView(held, spaceOf(context)))
  return 0
}

/** The first state of a channel. */
const stateOf = <State>(wire: Driftwire, channel: string): Promise<State> =>
  new Promise((resolve, reject) => {
    const following = wire.channel(channel).subscribe({
      next: ({ state }) => {
        queueMicrotask(() => following.unsubscribe())
        resolve(state as State)
      },
      error: reject,
    })
  })

const readSide = (side: string): 'create' | 'redeem' => {
  if (side !== 'create' && side !== 'redeem') throw new UsageError(`quote: found "${side}", expected create or redeem`)
  return side
}

const readAmount = (amount: string): string => {
  if (!/^\d+(\.\d{1,18})?$/.test(amount) || !/[1-9]/.test(amount))
    throw new UsageError(`amount: found "${amount}", expected a number above zero such as 100 or 0.5`)
  return amount
}
