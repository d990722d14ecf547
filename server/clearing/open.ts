import { dirname, join, resolve } from 'node:path'
import type { Logger } from 'pino'
import { isLoopback, type Settings } from '../config/settings.ts'
import { Accounts } from '../identity/accounts.ts'
import { adminToken } from '../identity/adminToken.ts'
import type { StoredToken } from '../identity/credentialStore.ts'
import { operators } from '../identity/operators.ts'
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
}

/** Returns the path of a data directory's journal. */
export const journalFile = (dataDir: string): string => join(dataDir, 'journal.db')

/**
 * Opens the clearing house and enters the clients of the configuration. If several cores share a ledger it resolves when this one leads them.
 * Rejects with UsageError if the configuration is wrong, with JournalError if the journal cannot be used.
 */
export const openClearing = async (settings: Settings, log: Logger): Promise<Clearing> => {
  const { config, configFile, dataDir, host, adminToken: given } = settings
  const clients =
    config.clients === undefined ? [] : await readClients(resolve(dirname(configFile), config.clients), `${configFile}: clients`)
  const byToken = operators(await adminToken(given, dataDir), config.tokens)
  const clearing = await openHouse(settings, log)
  for (const note of clearing.notes) log.warn(note)
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
    registration: registrationOf(config.registration ?? (isLoopback(host) ? 'open' : 'closed'), config.invites, clearing),
    operators: byToken,
  })
  await enterClients(clearing, clients, Date.now(), log)
  return { clearing, accounts, tokens }
}

const openHouse = async (settings: Settings, log: Logger): Promise<ClearingPort> => {
  const { dataDir, redisJournal: address, redisJournalMayLose: mayLose, repair: repairs } = settings
  const file = journalFile(dataDir)
  if (address === undefined) return openThreadPort({ file })
  const { checkLedgerServer } = await import('../journal/redis/startCheck.ts')
  await checkLedgerServer(address, mayLose, log)
  let follows = false
  const clearing = await openThreadPort(
    { file, redis: { address, mayLose, repairs } },
    {
      following(entries) {
        if (!follows) log.info({ entries }, 'the ledger is followed; this core waits for the lease')
        follows = true
      },
      log: line => log[line.log](line.about, line.text),
    },
  )
  log.info({ term: clearing.term, entries: clearing.entriesAtStart }, 'this core leads')
  return clearing
}

const registrationOf = (mode: 'open' | 'invite' | 'closed', invites: readonly string[], clearing: ClearingPort) =>
  mode !== 'invite'
    ? { mode }
    : {
        mode,
        digests: new Set(invites),
        invites: {
          use: (digest: string) => clearing.ask('useInvite', { digest }),
          usedOf: (among: readonly string[]) => clearing.ask('usedInvites', { digests: among }),
          giveBack: async (digest: string) => clearing.ask('giveInviteBack', { digest }),
        },
      }
