import { dirname, join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { timeOf } from '../../streams/lib/time.ts'
import { isLoopback, type Settings } from '../config/settings.ts'
import { Accounts, type InviteStore, type Registration } from '../identity/accounts.ts'
import { adminToken } from '../identity/adminToken.ts'
import type { StoredToken } from '../identity/credentialStore.ts'
import { Operators, type OperatorToken } from '../identity/operators.ts'
import { Passwords } from '../identity/passwords.ts'
import { SlowDown } from '../identity/slowDown.ts'
import { Tokens } from '../identity/tokens.ts'
import { enterClients, readClients } from './clientsFile.ts'
import type { ClearingPort } from './port.ts'
import { openThreadPort } from './threadPort.ts'

/** The clearing house, and the accounts that lead to it. */
export interface Clearing {
  readonly clearing: ClearingPort
  readonly accounts: Accounts
  readonly tokens: Tokens
  readonly operators: Operators
}

/** Returns the path of a data directory's journal. */
export const journalFile = (dataDir: string): string => join(dataDir, 'journal.db')

/**
 * Opens the clearing house and enters the clients of the configuration. If several cores share a ledger it resolves when this one leads them;
 * until then it calls `following` with the number of the newest entry that it has.
 * Rejects with UsageError if the configuration is wrong, with JournalError if the journal cannot be used.
 */
export const openClearing = async (settings: Settings, log: Logger, following: (entries: number) => void = () => {}): Promise<Clearing> => {
  const { config, configFile, dataDir, host, adminToken: given } = settings
  const clients =
    config.clients === undefined ? [] : await readClients(resolve(dirname(configFile), config.clients), `${configFile}: clients`)
  const admin = await adminToken(given, dataDir)
  const clearing = await openHouse(settings, log, following)
  for (const note of clearing.notes) log.warn(note)
  const invites = inviteStore(clearing)
  const operators = await Operators.open(admin, config.tokens.map(withExpiry), invites).catch(async error => {
    await clearing.close()
    throw error
  })
  const store = {
    load: async () => [...(await clearing.ask('tokens', {}))],
    put: async (token: StoredToken) => clearing.ask('putToken', token),
    remove: async (digests: readonly string[]) => clearing.ask('removeTokens', { digests }),
  }
  const tokens = await Tokens.open(store, config.tokenLifeMs, log)
  const accounts = new Accounts({
    users: {
      hashOf: user => clearing.ask('hashOf', { user }),
      register: async (user, secret) => {
        const command = { kind: 'register', client: user } as const
        return !('refused' in (await clearing.ask('execute', { command, who: user, t: Date.now(), secret })))
      },
    },
    tokens,
    passwords: new Passwords(),
    slowDown: new SlowDown(),
    registration: registrationOf(config.registration ?? (isLoopback(host) ? 'open' : 'closed'), config.invites, invites),
    operators,
  })
  await enterClients(clearing, clients, Date.now(), log)
  return { clearing, accounts, tokens, operators }
}

const openHouse = async (settings: Settings, log: Logger, following: (entries: number) => void): Promise<ClearingPort> => {
  const { dataDir, redisJournal: address, redisJournalMayLose: mayLose, repair: repairs } = settings
  const file = journalFile(dataDir)
  if (address === undefined) return openThreadPort({ file })
  const { checkLedgerServer } = await import('../journal/redis/startCheck.ts')
  await checkLedgerServer(address, mayLose, log)
  const clearing = await openThreadPort(
    { file, redis: { address, mayLose, repairs } },
    { following, log: line => log[line.log](line.about, line.text) },
  )
  log.info({ term: clearing.term, entries: clearing.entriesAtStart }, 'this core leads')
  return clearing
}

/** Which invitations are used, and which operators' tokens are revoked: digests that are good no more. */
const inviteStore = (clearing: ClearingPort): InviteStore => ({
  use: digest => clearing.ask('useInvite', { digest }),
  usedOf: among => clearing.ask('usedInvites', { digests: among }),
  giveBack: async digest => clearing.ask('giveInviteBack', { digest }),
})

const withExpiry = ({ expires, ...token }: Settings['config']['tokens'][number]): OperatorToken => ({
  ...token,
  ...(expires !== undefined && { expires: timeOf(expires) }),
})

const registrationOf = (mode: Registration['mode'], digests: readonly string[], invites: InviteStore): Registration =>
  mode === 'invite' ? { mode, digests: new Set(digests), invites } : { mode }
