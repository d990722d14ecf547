import { createRequire } from 'node:module'

interface Evmole {
  contractInfo(code: string, asked: { selectors: true }): { functions?: readonly { readonly selector: string }[] }
}

// The package names no types for its module of Node.
const { contractInfo } = createRequire(import.meta.url)('evmole') as Evmole

/** Returns the selectors that evmole finds in code, eight digits each, sorted. */
export const selectorsOfEvmole = (hex: string): string[] =>
  (contractInfo(hex, { selectors: true }).functions ?? []).map(({ selector }) => selector).sort()
