/** The six functions that a token must have, by selector. */
export const ERC20_FUNCTIONS: Readonly<Record<string, string>> = {
  '18160ddd': 'totalSupply()',
  '70a08231': 'balanceOf(address)',
  a9059cbb: 'transfer(address,uint256)',
  '23b872dd': 'transferFrom(address,address,uint256)',
  '095ea7b3': 'approve(address,uint256)',
  dd62ed3e: 'allowance(address,address)',
}

/** The three that it may have. */
export const ERC20_OPTIONAL: Readonly<Record<string, string>> = { '06fdde03': 'name()', '95d89b41': 'symbol()', '313ce567': 'decimals()' }

/** The three that must return a bool, and how many words of arguments they take. */
export const ERC20_RETURNS: Readonly<Record<string, { readonly words: number }>> = {
  a9059cbb: { words: 2 },
  '23b872dd': { words: 3 },
  '095ea7b3': { words: 2 },
}

const event = (signature: string, topic: string) => ({
  signature,
  topic,
  bytes: Uint8Array.from({ length: 32 }, (_, i) => Number.parseInt(topic.slice(2 + 2 * i, 4 + 2 * i), 16)),
})

/** The two events that it must emit. */
export const ERC20_EVENTS = [
  event('Transfer(address,address,uint256)', '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'),
  event('Approval(address,address,uint256)', '0x8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925'),
] as const
