import { UsageError } from '../config/options.ts'

/** A plan of CoinGecko: its key, and how fast it may be asked. */
export interface Plan {
  readonly name: 'keyless' | 'demo' | 'pro'
  readonly key: string | undefined
  /** ms between the beginnings of two requests: 10, 60 and 240 a minute, below what the plans allow. */
  readonly spacing: number
}

const SPACING = { keyless: 6_000, demo: 1_000, pro: 250 } as const

/**
 * The plan of a key as given (`CG-…` of the demo plan, `pro:CG-…`), else of the environment's `COINGECKO_PRO_API_KEY` or
 * `COINGECKO_DEMO_API_KEY`, else without one. Nothing in a key tells which plan it is of. Throws UsageError, which never says the key.
 */
export const planOf = (given: string | undefined, environment: Readonly<Record<string, string | undefined>>): Plan => {
  const { COINGECKO_PRO_API_KEY: pro, COINGECKO_DEMO_API_KEY: demo } = environment
  if (given !== undefined) {
    const [, isPro, key = ''] = /^(pro:)?(.*)$/s.exec(given)!
    return plan(isPro ? 'pro' : 'demo', key, '--key')
  }
  if (pro) return plan('pro', pro.trim(), 'COINGECKO_PRO_API_KEY')
  if (demo) return plan('demo', demo.trim(), 'COINGECKO_DEMO_API_KEY')
  return { name: 'keyless', key: undefined, spacing: SPACING.keyless }
}

const plan = (name: 'demo' | 'pro', key: string, where: string): Plan => {
  if (!/^[\x21-\x7e]{1,256}$/.test(key))
    throw new UsageError(`${where}: found something else, expected a key, or pro: and a key of a paid plan`)
  return { name, key, spacing: SPACING[name] }
}
