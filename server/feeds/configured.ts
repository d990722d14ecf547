import { dirname } from 'node:path'
import { UsageError } from '../config/options.ts'
import type { Settings } from '../config/settings.ts'
import type { Feed } from './feed.ts'
import { SpecError } from './specError.ts'

/**
 * Opens the configured feeds, each by `open` with the directory its file names begin in. Throws UsageError if one cannot be opened
 * as asked, or if they do not go together.
 */
export const configuredFeeds = async (
  { feeds: specs, config, configFile }: Settings,
  open: (spec: string, base: string) => Promise<Feed>,
): Promise<Feed[]> => {
  const configured = config.feeds === specs
  const base = configured ? dirname(configFile) : process.cwd()
  const feeds = await Promise.all(
    specs.map(async (spec, i) => {
      try {
        return await open(spec, base)
      } catch (error) {
        if (error instanceof SpecError) throw new UsageError(`${configured ? `${configFile}: feeds.${i}` : '--feed'}: ${error.message}`)
        throw error
      }
    }),
  )
  const where = configured ? `${configFile}: feeds` : '--feed'
  if (feeds.some(feed => feed.live) && feeds.some(feed => !feed.live))
    throw new UsageError(`${where}: found replays and live feeds together, expected one or the other: their clocks differ`)
  const twice = specs.find((spec, i) => specs.indexOf(spec) !== i)
  if (twice !== undefined) throw new UsageError(`${where}: found "${twice}" a second time, expected each feed once`)
  return feeds
}
