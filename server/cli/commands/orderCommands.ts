import { CLIENT, KEY, YES } from '../clientOptions.ts'
import { type Command, command } from '../command.ts'
import { JSON_FORM } from '../options.ts'

const SHARES = [
  { name: 'FUND', help: 'its id', complete: 'funds' },
  { name: 'AMOUNT', help: 'shares, a multiple of the creation unit' },
] as const

const PLACED = { key: KEY, yes: YES, json: JSON_FORM, ...CLIENT } as const

/** Commands of clients of the clearing house. */
export const ORDER_COMMANDS: readonly Command[] = [
  command({
    name: 'quote',
    group: 'Orders',
    summary: 'show what a creation or redemption would take and give now',
    takes: [{ name: 'SIDE', help: 'create or redeem', choices: ['create', 'redeem'] }, ...SHARES],
    options: { json: JSON_FORM, ...CLIENT },
    run: async ({ words, options }, context) => (await import('../trade.ts')).quote(words, options, context),
  }),
  command({
    name: 'create',
    group: 'Orders',
    summary: 'create shares of a fund from its basket',
    takes: SHARES,
    options: PLACED,
    run: async ({ words, options }, context) => (await import('../trade.ts')).order('create', words, options, context),
  }),
  command({
    name: 'redeem',
    group: 'Orders',
    summary: 'redeem shares of a fund for its basket',
    takes: SHARES,
    options: PLACED,
    run: async ({ words, options }, context) => (await import('../trade.ts')).order('redeem', words, options, context),
  }),
  command({
    name: 'transfer',
    group: 'Orders',
    summary: 'transfer an asset, or shares, to another client',
    takes: [
      { name: 'CLIENT', help: 'who gets it' },
      { name: 'AMOUNT', help: 'how much' },
    ],
    options: {
      asset: { kind: 'text', value: 'ASSET', help: 'of which asset', conflicts: 'fund' },
      fund: { kind: 'text', value: 'FUND', help: 'shares of which fund', complete: 'funds' },
      ...PLACED,
    },
    run: async ({ words, options }, context) => (await import('../trade.ts')).transfer(words, options, context),
  }),
  command({
    name: 'orders',
    group: 'Orders',
    summary: "list the client's last orders, newest first",
    options: { json: JSON_FORM, ...CLIENT },
    run: async ({ options }, context) => (await import('../trade.ts')).orders(options, context),
  }),
  command({
    name: 'holdings',
    group: 'Orders',
    summary: 'show what the client owns',
    options: { json: JSON_FORM, ...CLIENT },
    run: async ({ options }, context) => (await import('../trade.ts')).holdings(options, context),
  }),
]
