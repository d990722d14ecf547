const push2 = (n: number): string => `61${n.toString(16).padStart(4, '0')}`

/** What a code is to do. */
interface Wished {
  /** Selectors of its functions, eight digits each: each returns a word, or nothing if it stands in `silent`. */
  readonly functions?: readonly string[]
  readonly silent?: readonly string[]
  /** Calls of other functions run the code at an address in its storage. */
  readonly forwards?: boolean
  /** Opcodes behind all else, which a JUMPDEST opens. */
  readonly more?: string
}

const COMPARISON = 11
const TRANSFER = 'ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const APPROVAL = '8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925'

/** Returns code of a small contract, written as Solidity writes it. */
export const codeWith = ({ functions = [], silent = [], forwards = false, more = '' }: Wished): string => {
  const start = '60003560e01c'
  // All calldata, then DELEGATECALL to what slot 0 holds; else a revert.
  const fallback = forwards ? '36600060003760006000366000600054' + '5af4' + '3d600060003e3d6000f3' : '60006000fd'
  const first = start.length / 2 + functions.length * COMPARISON + fallback.length / 2
  const bodies = functions.map(selector => (silent.includes(selector) ? '5b00' : '5b600160005260206000f3'))
  const places = bodies.map((_, i) => first + bodies.slice(0, i).join('').length / 2)
  const dispatch = functions.map((selector, i) => `8063${selector}14${push2(places[i]!)}57`).join('')
  return `0x${start}${dispatch}${fallback}${bodies.join('')}5b${more}00`
}

/** The events of ERC-20, as code refers to them. */
export const EVENTS = `7f${TRANSFER}507f${APPROVAL}50`

/** The functions that a token has. */
export const TOKEN = ['18160ddd', '70a08231', 'a9059cbb', '23b872dd', '095ea7b3', 'dd62ed3e', '06fdde03', '95d89b41', '313ce567']
