import { NAME } from '../../streams/lib/names.ts'

/**
 * Tokens of Ethereum that are meant by their symbols alone, by their contracts. Anybody may name a token as he likes, and every pair of a Uniswap v2
 * is called "UNI-V2"; so all others are told apart by their contracts.
 */
const MEANT_BY_SYMBOL: Readonly<Record<string, string>> = {
  '0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48': 'USDC',
  '0xdac17f958d2ee523a2206206994597c13d831ec7': 'USDT',
  '0x6b175474e89094c44da98b954eedeac495271d0f': 'DAI',
  '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2': 'WETH',
  '0x2260fac5e5542a773aa44fbcfedf7c193bc2c599': 'WBTC',
  '0x1f9840a85d5af5bf1d1762f925bdaddc4201f984': 'UNI',
  '0x514910771af9ca656af840dff83e8264ecf986ca': 'LINK',
  '0x95ad61b0a150d79219dcf64e1e6cc01f0b64c4ce': 'SHIB',
  '0x6982508145454ce325ddbe47a25d4ec3d2311933': 'PEPE',
  '0x7d1afa7b718fb893db30a3abc0cfc608aacfebb0': 'MATIC',
  '0xd533a949740bb3306d119cc777fa900ba034cd52': 'CRV',
  '0x9f8f72aa9304c8b593d555f12ef6589cc3a579a2': 'MKR',
  '0xc00e94cb662c3520282e6f5717214004a7f26888': 'COMP',
  '0x1f573d6fb3f13d689ff844b4ce37794d79a7ff1c': 'BNT',
  '0x7fc66500c84a76ad7e9c93437bfc5ac33e2ddae9': 'AAVE',
  '0xc011a73ee8576fb46f5e1c5751ca3b9fe0af2a6f': 'SNX',
  '0x0bc529c00c6401aef6d220be8c6ea1667f6ad93e': 'YFI',
  '0x6b3595068778dd592e39a122f4f5a5cf09c90fe2': 'SUSHI',
  '0x5a98fcbea516cf06857215779fd812ca3bef1b32': 'LDO',
  '0xc944e90c64b2c07662a292be6244bdf05cda44a7': 'GRT',
  '0xc18360217d8f7ab5e7c516566761ea12ce7f9d72': 'ENS',
  '0x111111111117dc0aa78b770fa6a738034120c302': '1INCH',
  '0x0d8775f648430679a709e98d2b0cb6250d2887ef': 'BAT',
  '0xe41d2489571d322189246dafa5ebde1f4699f498': 'ZRX',
  '0x4e15361fd6b4bb609fa63c81a2be19d873717870': 'FTM',
  '0xba100000625a3754423978a60c9317c58a424e3d': 'BAL',
  '0x408e41876cccdc0f92210600ef50372656052a38': 'REN',
  '0x04fa0d235c4abf4bcf4787af4cf447de572ef828': 'UMA',
  '0xbbbbca6a901c926f240b89eacb641d8aec7aeafd': 'LRC',
  '0x0f5d2fb29fb7d3cfee444a200298f468908cc942': 'MANA',
  '0x3845badade8e6dff049820680d1f14bd3903a5d0': 'SAND',
  '0xbb0e17ef65f82ab018d8edd776e8dd940327b28b': 'AXS',
  '0x4d224452801aced8b2f0aebe155379bb5d594381': 'APE',
  '0x4e3fbd56cd56c3e72c1403e103b45db9da5b9d2b': 'CVX',
  '0x3432b6a60d23ca0dfca7761b7ab56459d9c964d0': 'FXS',
  '0x853d955acef822db058eb8505911ed77f175b99e': 'FRAX',
  '0x056fd409e1d7a124bd7017459dfea2f387b6d5cd': 'GUSD',
  '0x8e870d67f660d95d5be530380d0ec0bd388289e1': 'USDP',
  '0x6c3ea9036406852006290770bedfcaba0e23a0e8': 'PYUSD',
  '0x1abaea1f7c830bd89acc67ec4af516284b1bc33c': 'EURC',
  '0xb50721bcf8d664c30412cfbc6cf7a15145234ad1': 'ARB',
  '0xf629cbd94d3791c9250152bd8dfbdf380e2a3b9c': 'ENJ',
  '0x3506424f91fd33084466f402d5d97f05f8e3b4af': 'CHZ',
  '0xdd974d5c2e2928dea5f71b9825b8b646686bd200': 'KNC',
  '0xd26114cd6ee289accf82350c8d8487fedb8a0c07': 'OMG',
  '0x8290333cef9e6d528dd5618fb97a76f268f3edd4': 'ANKR',
  '0xf57e7e7c23978c3caec3c3548e3d615c346e79ff': 'IMX',
  '0xd33526068d116ce69f19a9ee46f0bd304f21a51f': 'RPL',
  '0x18084fba666a33d37592fa2633fd49a74dd93a88': 'tBTC',
  '0x5f98805a4e8be255a32880fdec7f6728c6568ba0': 'LUSD',
  '0x6810e776880c02933d47db1b9fc05908e5386b96': 'GNO',
  '0x6de037ef9ad2725eb40118bb1702ebb27e4aeb24': 'RNDR',
  '0x5283d291dbcf85356a21ba090e6db59121208b44': 'BLUR',
  '0xae7ab96520de3a18e5e111b5eaab095312d7fe84': 'stETH',
  '0x7f39c581f595b53c5cb19bd0b3f8da6c935e2ca0': 'wstETH',
  '0x2b591e99afe9f32eaa6214f7b7629768c40eeb39': 'HEX',
}

/** Digits of a contract's address in the name of its token: two tokens of a symbol with equal ones are not met. */
const DIGITS = 12

/**
 * Returns the name of the asset that a token is, by its symbol and its contract: "USDC" of the contract that everybody means, else such as
 * "UNI-V2.0x55d5c232d921". Characters that a name cannot have are left out of the symbol.
 */
export const tokenAsset = (symbol: string, contract: string): string => {
  const address = contract.toLowerCase()
  const meant = MEANT_BY_SYMBOL[address]
  if (meant !== undefined) return meant
  const plain = symbol.replace(/[^A-Za-z0-9._-]/g, '').replace(/^[^A-Za-z0-9]+/, '')
  return `${NAME.test(plain) ? plain.slice(0, 40) : 'TOKEN'}.${address.slice(0, DIGITS + 2)}`
}
