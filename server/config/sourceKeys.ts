/** What sources of metrics need of the environment: keys, and where CoinGecko is asked. An empty one counts as not set. */
export type SourceKeys = {
  readonly GITHUB_TOKEN: string | undefined
  readonly ETHERSCAN_API_KEY: string | undefined
  readonly COINGECKO_DEMO_API_KEY: string | undefined
  readonly COINGECKO_PRO_API_KEY: string | undefined
  readonly COINGECKO_BASE_URL: string | undefined
}

/** Reads the keys of sources. */
export const readSourceKeys = (environment: Readonly<Record<string, string | undefined>>): SourceKeys => ({
  GITHUB_TOKEN: environment.GITHUB_TOKEN?.trim() || undefined,
  ETHERSCAN_API_KEY: environment.ETHERSCAN_API_KEY?.trim() || undefined,
  COINGECKO_DEMO_API_KEY: environment.COINGECKO_DEMO_API_KEY?.trim() || undefined,
  COINGECKO_PRO_API_KEY: environment.COINGECKO_PRO_API_KEY?.trim() || undefined,
  COINGECKO_BASE_URL: environment.COINGECKO_BASE_URL?.trim() || undefined,
})
