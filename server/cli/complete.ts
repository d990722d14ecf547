import { hasPast } from '../../streams/wire/channels.ts'
import { fromEnvironment } from '../config/options.ts'
import { COMMANDS } from './commands.ts'
import { type Names, offerFor, offerText } from './completion.ts'
import { SERVER } from './options.ts'
import { serverOf } from './server.ts'

/** A shell waits for the server no longer than this, ms. */
const PATIENCE = 1_000

/** Prints what can stand in the place of the last of the words. A server that does not answer has no names. */
export const complete = async (words: readonly string[], environment: Readonly<Record<string, string | undefined>>): Promise<void> => {
  process.stdout.write(offerText(await offerFor(words, COMMANDS, namesOf(words, environment))))
}

/** The names that the server knows to which the words, or the environment, point. */
const namesOf = (words: readonly string[], environment: Readonly<Record<string, string | undefined>>): Names => {
  const typed = (option: string): string | undefined => (words.includes(option) ? words[words.indexOf(option) + 1] : undefined)
  return async what => {
    try {
      const known = fromEnvironment(SERVER, environment)
      const server = serverOf({ url: typed('--url') ?? known.url, token: typed('--token') ?? known.token }, environment)
      const { channels } = await server.once<{ channels: string[] }>('/v1/channels', PATIENCE)
      if (what === 'channels') return channels
      if (what === 'pastChannels') return channels.filter(hasPast)
      const kind = what === 'funds' ? 'fund:' : 'pnl:'
      return channels.filter(name => name.startsWith(kind)).map(name => name.slice(kind.length))
    } catch {
      return []
    }
  }
}
