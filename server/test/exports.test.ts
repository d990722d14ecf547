import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { formatDecimal, parseNumber } from '../../streams/lib/decimal.ts'
import { records } from '../../streams/test/records.ts'
import { engineReady } from './clearingKit.ts'
import { heldBy, MAKERS, textOf } from './exportFiles.ts'
import { file, ProtocolServer } from './protocolKit.ts'
import { haveRecordings, recordedLines } from './recordings.ts'
import { typedHere } from './typedKit.ts'

/** Exports as people have them go through the command into a server, and come to what their columns add up to. */

let server: ProtocolServer
/** Lets a server run that counts in `quote`, with these portfolios, while the tests of a block do. */
const serving = (quote: string, portfolios: readonly string[]): void => {
  beforeAll(async () => {
    server = await ProtocolServer.start({ quote, portfolios: portfolios.map(id => ({ id })), feeds: [] })
    await engineReady(server)
  }, 60_000)
  afterAll(() => server.stop())
}

const imported = (path: string, portfolio: string) =>
  typedHere(['import', 'transactions', path, '--portfolio', portfolio, '--url', `http://127.0.0.1:${server.port}`])

/** What a portfolio holds, by asset. */
const quantities = async (portfolio: string): Promise<Map<string, number>> => {
  const { assets } = await server.json<{ assets: Record<string, { qty: number }> }>(`/v1/state/pnl:${portfolio}`)
  return new Map(Object.entries(assets).flatMap(([asset, { qty }]) => (qty === 0 ? [] : [[asset, qty] as const])))
}

const expectHeld = async (portfolio: string, held: ReadonlyMap<string, string>): Promise<void> => {
  const shown = await quantities(portfolio)
  expect([...shown.keys()].sort()).toEqual([...held.keys()].sort())
  for (const [asset, amount] of held) expect(shown.get(asset)! / Number(amount), asset).toBeCloseTo(1, 11)
}

describe.each(['USD', 'USDT'])('into a server that counts in %s', quote => {
  const makers = Object.entries(MAKERS).filter(([, maker]) => maker.quote === quote)
  serving(
    quote,
    makers.map(([maker]) => maker),
  )

  it.each(makers)('an export of %s is read as it is, each row once, and comes to the sum of its columns', async (maker, one) => {
    // Money that trades spend, and the coins that they pay fees with.
    const before = { [quote]: '10000000', BNB: '100', KCS: '100' }
    const lines = Object.entries(before).map(([asset, qty], i) => `2023-01-01,deposit,${asset},${qty},${asset === quote ? 1 : 300},${i}`)
    expect((await imported(file('before.csv', ['t,type,asset,qty,price,id', ...lines].join('\n')), maker))[0]).toBe(0)
    const path = file(one.file, textOf(one))
    expect(await imported(path, maker)).toEqual([0, `${path}: ${one.rows.length} rows accepted, 0 known, 0 refused\n`, ''])
    await expectHeld(maker, heldBy(one, before))
    expect((await imported(path, maker))[1]).toBe(`${path}: 0 rows accepted, ${one.rows.length} known, 0 refused\n`)
    await expectHeld(maker, heldBy(one, before))
  })
})

const OWN = '0x9ad227d56a36b33407916f3293db2d298095dca9'
/** Contracts of the wallet's tokens that are meant by their symbols alone. */
const MEANT: Readonly<Record<string, string>> = {
  '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48': 'USDC',
  '0xc00e94cb662c3520282e6f5717214004a7f26888': 'COMP',
  '0x1f573d6fb3f13d689ff844b4ce37794d79a7ff1c': 'BNT',
}

interface Sent {
  readonly fromAddr: string
  readonly toAddr: string
  readonly etherValue: string | number
}

/** A transaction of the recorded wallet, as an explorer of chains told it. */
interface WalletTransaction extends Sent {
  readonly txHash: string
  readonly blockNumber: string
  readonly timeStamp: number
  readonly isError: boolean
  readonly txFee: string
  readonly etherUsdPrice: string
  readonly internalTxs: readonly Sent[]
  readonly tokens: readonly {
    readonly from: { readonly addr: string }
    readonly to: { readonly addr: string }
    readonly for: { readonly value: string | number; readonly symbol: string; readonly tokenAddr: string }
  }[]
}

const isOwn = (from: string, to: string): boolean => from === OWN || to === OWN
const quoted = (...fields: readonly (string | number)[]): string => fields.map(field => `"${field}"`).join(',')
const when = (t: number): string => new Date(t * 1_000).toISOString().slice(0, 19).replace('T', ' ')

/** What came of a coin, and what went. */
const moved = ({ fromAddr, toAddr, etherValue }: Sent): [came: string | number, went: string | number] => [
  toAddr === OWN ? etherValue : 0,
  fromAddr === OWN ? etherValue : 0,
]

/** The recorded wallet as Etherscan exports it: its transactions, what contracts moved within them, and its tokens. */
const etherscanFiles = (wallet: readonly WalletTransaction[]): { account: string; internal: string; tokens: string } => {
  const account = wallet
    .filter(({ fromAddr, toAddr }) => isOwn(fromAddr, toAddr))
    .map(tx => {
      const status = tx.isError ? ['Error(0)', 'execution reverted'] : ['', '']
      const { txHash, blockNumber, timeStamp, fromAddr, toAddr, txFee, etherUsdPrice } = tx
      const head = [txHash, blockNumber, timeStamp, when(timeStamp), fromAddr, toAddr, '']
      return quoted(...head, ...moved(tx), '0', txFee, '0', etherUsdPrice, ...status, 'Transfer')
    })
  const internal = wallet.flatMap(({ txHash, blockNumber, timeStamp, fromAddr, toAddr, etherValue, etherUsdPrice, internalTxs }) =>
    internalTxs
      .filter(one => isOwn(one.fromAddr, one.toAddr))
      .map(one => {
        const head = [txHash, blockNumber, timeStamp, when(timeStamp), fromAddr, toAddr, etherValue, one.fromAddr, one.toAddr, '']
        return quoted(...head, ...moved(one), '0', etherUsdPrice, '0', '', 'call')
      }),
  )
  const tokens = wallet.flatMap(({ txHash, blockNumber, timeStamp, tokens: all }) =>
    all
      .filter(({ from, to }) => isOwn(from.addr, to.addr))
      .map(({ from, to, for: { value, symbol, tokenAddr } }) =>
        quoted(txHash, blockNumber, timeStamp, when(timeStamp), from.addr, to.addr, value, 'N/A', tokenAddr, symbol, symbol),
      ),
  )
  const head = (first: string, ...names: readonly string[]): string => quoted(first, 'Blockno', 'UnixTimestamp', 'DateTime (UTC)', ...names)
  return {
    account: [
      head('Transaction Hash', 'From', 'To', 'ContractAddress', 'Value_IN(ETH)', 'Value_OUT(ETH)', 'CurrentValue @ $3414.36/ETH') +
        `,${quoted('TxnFee(ETH)', 'TxnFee(USD)', 'Historical $Price/ETH', 'Status', 'ErrCode', 'Method')}`,
      ...account,
    ].join('\n'),
    internal: [
      head('Txhash', 'ParentTxFrom', 'ParentTxTo', 'ParentTxETH_Value', 'From', 'TxTo', 'ContractAddress', 'Value_IN(ETH)') +
        `,${quoted('Value_OUT(ETH)', 'CurrentValue', 'Historical $Price/Eth', 'Status', 'ErrCode', 'Type')}`,
      ...internal,
    ].join('\n'),
    tokens: [
      head('Transaction Hash', 'From', 'To', 'TokenValue', 'USDValueDayOfTx', 'ContractAddress', 'TokenName', 'TokenSymbol'),
      ...tokens,
    ].join('\n'),
  }
}

describe.skipIf(!haveRecordings)(
  'a wallet as Etherscan exports it (the recorded wallet stands beside the project; skipped if it does not)',
  () => {
    serving('USD', ['account', 'tokens'])
    const wallet = (): WalletTransaction[] =>
      recordedLines('wallets/eth_wallet_0x9ad227d5_txs.ndjson.gz').map(line => JSON.parse(line) as WalletTransaction)
    /** The sum of the movements that others have found, by contract; '' is ETH. */
    const summed = (): Map<string, string> => {
      const sums = new Map<string, bigint>()
      for (const row of records(recordedLines('wallets/eth_wallet_0x9ad227d5_transfers.csv.gz'))) {
        const contract = row.token_address!
        sums.set(contract, (sums.get(contract) ?? 0n) + parseNumber(row.signed_amount!)!)
      }
      return new Map([...sums].filter(([, sum]) => sum !== 0n).map(([contract, sum]) => [contract, formatDecimal(sum)]))
    }
    const exported = (name: string, text: string): string => file(`export-${name}-${OWN}.csv`, text)
    const rowsIn = (text: string): number => text.split('\n').length - 1

    it('holds the ETH that others have found, gas and what contracts sent included', async () => {
      const { account, internal } = etherscanFiles(wallet())
      for (const [name, text] of Object.entries({ account, internal })) {
        const path = exported(name, text)
        expect(await imported(path, 'account')).toEqual([0, `${path}: ${rowsIn(text)} rows accepted, 0 known, 0 refused\n`, ''])
      }
      const held = (await quantities('account')).get('ETH')
      expect(held).toBeCloseTo(Number(summed().get('')), 12)
      // As a published tool has it.
      expect(held).toBeCloseTo(0.158603032, 9)
    })

    it('holds of each token what came and went, told apart by contract', async () => {
      const { tokens } = etherscanFiles(wallet())
      const path = exported('tokens', tokens)
      expect(await imported(path, 'tokens')).toEqual([0, `${path}: ${rowsIn(tokens)} rows accepted, 0 known, 0 refused\n`, ''])
      const { accounts } = await server.json<{ accounts: Record<string, Record<string, number>> }>('/v1/state/pnl:tokens')
      const shown = new Map(Object.entries(accounts[OWN]!))
      const sums = [...summed()].filter(([contract]) => contract !== '')
      expect(sums.length).toBeGreaterThan(5)
      expect(shown.size).toBe(sums.length)
      for (const [contract, sum] of sums) {
        const name = MEANT[contract] ?? [...shown.keys()].find(key => key.endsWith(`.${contract.slice(0, 14)}`))
        expect(shown.get(name!)! / Number(sum), contract).toBeCloseTo(1, 11)
      }
    })
  },
)

/** A log as a node gives it. */
interface NodeLog {
  readonly address: string
  readonly topics: readonly string[]
  readonly data: string
  readonly block_number: number
  readonly block_timestamp: string
  readonly transaction_hash: string
  readonly transaction_index: number
}

/** Answers of Etherscan's API with logs, a thousand each: hexadecimal, "0x" for zero, and indexes that count within their transactions. */
const etherscanAnswers = (logs: readonly NodeLog[]): string[] => {
  const hex = (value: number): string => (value === 0 ? '0x' : `0x${value.toString(16)}`)
  const before = new Map<string, number>()
  const result = logs.map(log => {
    const index = before.get(log.transaction_hash) ?? 0
    before.set(log.transaction_hash, index + 1)
    return {
      address: log.address,
      topics: log.topics,
      data: log.data,
      blockNumber: hex(log.block_number),
      timeStamp: hex(Date.parse(log.block_timestamp) / 1_000),
      gasPrice: '0x4a817c800',
      gasUsed: '0x1e8480',
      logIndex: hex(index),
      transactionHash: log.transaction_hash,
      transactionIndex: hex(log.transaction_index),
    }
  })
  const answers: string[] = []
  for (let i = 0; i < result.length; i += 1_000)
    answers.push(JSON.stringify({ status: '1', message: 'OK', result: result.slice(i, i + 1_000) }))
  return answers
}

describe.skipIf(!haveRecordings)(
  'logs as Etherscan’s API gives them (recorded logs stand beside the project; skipped if they do not)',
  () => {
    it('come to the trades and the price of the published decoding', async () => {
      const name = 'dex/univ3_eth_usdc_weth_005_20240105'
      const logs = recordedLines(`${name}_rawlogs.ndjson.gz`).map(line => JSON.parse(line) as NodeLog)
      const answers = etherscanAnswers(logs)
      expect(answers.some(answer => answer.includes('"logIndex":"0x"'))).toBe(true)
      const pool = {
        id: 'USDC-WETH',
        kind: 'uniswap-v3',
        address: logs[0]!.address,
        feePips: 500,
        tickSpacing: 10,
        token0: { symbol: 'USDC', decimals: 6, asset: 'USD' },
        token1: { symbol: 'WETH', decimals: 18, asset: 'ETH' },
      }
      const feed = `replay:${file('etherscan.ndjson', answers.join('\n'))}`
      const replaying = await ProtocolServer.startForTest({ pools: [pool], feeds: [feed] }, '--speed', 'max')
      const { feeds } = await replaying.replayed()
      const swaps = records(recordedLines(`${name}_events_decoded.csv.gz`)).filter(({ tx_type }) => tx_type === 'SWAP')
      const intoPool = (column: string): string =>
        String(swaps.reduce((sum, swap) => sum + (swap[column]!.startsWith('-') ? 0n : BigInt(swap[column]!)), 0n))
      const last = swaps.at(-1)!
      expect(await replaying.json('/v1/state/pool:USDC-WETH')).toMatchObject({
        price: expect.closeTo(1e12 / (Number(last.sqrtPriceX96) / 2 ** 96) ** 2, 6),
        sqrtPriceX96: last.sqrtPriceX96,
        day: { n: swaps.length, in0: intoPool('amount0'), in1: intoPool('amount1') },
      })
      expect(Object.values(feeds as Record<string, { bad: object }>).map(({ bad }) => bad)).toEqual([{}])
      await replaying.stop()
    }, 60_000)
  },
)
