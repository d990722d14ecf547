import { setTimeout as delay } from 'node:timers/promises'
import type { RedisClient } from '../../redis/connection.ts'
import { journalFault, redisFacts } from '../../redis/startChecks.ts'
import { type Commit, readCommit, type StoredCommit } from './commit.ts'
import { APPEND, KEYS } from './scripts.ts'

/** What became of a commit: it is there, and on this number of replicas; it is not, because of the head that was found; or it is not, for a reason of Redis. */
export type Appended = { readonly done: true; readonly replicas: number } | { readonly fenced: string } | { readonly refused: string }

/** ms until what is not known is asked again. */
const AGAIN_MS = 50
/** ms that replicas may take at a time. The connection counts as dead soon after. */
const REPLICAS_MS = 700
/** Commits that are read at once. */
const COUNT = 100

/** The stream of the ledger's commits: appended by one command each, and read in order. */
export class LedgerStream {
  private readonly client: RedisClient
  private readonly mayLose: boolean
  /** Which primary this is, as far as its replicas were counted; undefined if the connection is new. */
  private primary: string | undefined
  private known = false
  /** Replicas that must have a commit before it counts. */
  private replicas = 0

  /** With `mayLose` it also writes to a server that may lose what it has acknowledged. */
  constructor(client: RedisClient, mayLose: boolean) {
    this.client = client
    this.mayLose = mayLose
    client.on('ready', () => {
      this.known = false
    })
  }

  /** Resolves with the head as it stands; undefined if there is no ledger. */
  async head(): Promise<string | undefined> {
    return (await this.client.get(KEYS.head)) ?? undefined
  }

  /** Resolves with the next commits after an id, as soon as there are any, or with none after `blockMs`; and whether there may be `more`. */
  async read(after: string, blockMs: number): Promise<{ readonly commits: readonly StoredCommit[]; readonly more: boolean }> {
    const from = ['STREAMS', KEYS.journal, after] as const
    const reply = await (blockMs > 0
      ? this.client.xread('COUNT', COUNT, 'BLOCK', blockMs, ...from)
      : this.client.xread('COUNT', COUNT, ...from))
    const rows = reply === null ? [] : reply[0]![1]
    return { commits: rows.map(([id, fields]) => readCommit(id, fields)), more: rows.length === COUNT }
  }

  /**
   * Appends a commit, and resolves when all replicas have it that may be promoted: those that the primary had connected. It goes on until it is
   * known what became of the commit, whatever becomes of the connection: an error of a connection never means that nothing was done.
   */
  async append(commit: Commit): Promise<Appended> {
    const { before, after, entries, changes } = commit
    const id = after.slice(0, after.indexOf(' '))
    /** It may be there, or come to be there. */
    let sent = false
    for (;;) {
      try {
        if (!this.known) await this.learn()
      } catch (error) {
        if (!sent) return { refused: reasonOf(error) }
        await delay(AGAIN_MS)
        continue
      }
      try {
        await this.client.eval(APPEND, 2, KEYS.head, KEYS.journal, before, after, id, entries, changes)
        const { replicas } = this
        if (replicas === 0) return { done: true, replicas }
        sent = true
        if (await this.replicated(replicas)) return { done: true, replicas }
      } catch (error) {
        const { message } = error as Error
        if (message.startsWith('FENCED ')) return { fenced: message.slice('FENCED '.length) }
        if (!sent && (isUnsent(error) || isReply(error))) return { refused: reasonOf(error) }
        sent = true
        await delay(AGAIN_MS)
      }
    }
  }

  /** Counts the primary's replicas again, over any connection. One that was there once is waited for, until another server is the primary. */
  async countReplicas(client = this.client): Promise<void> {
    const info = await ofPrimary(client, pipeline => pipeline.info('replication'))
    const primary = /^master_replid:(\w+)/m.exec(info)?.[1] ?? ''
    const online = info.match(/^slave\d+:.*state=online/gm)?.length ?? 0
    this.replicas = primary === this.primary ? Math.max(this.replicas, online) : online
    this.primary = primary
  }

  private async learn(): Promise<void> {
    if (!this.mayLose) {
      const fault = journalFault(await redisFacts(this.client))
      if (fault !== undefined) throw new Error(fault)
    }
    await this.countReplicas()
    this.known = true
  }

  /** Returns whether at least this number of replicas have what this connection has written. */
  private async replicated(replicas: number): Promise<boolean> {
    return Number(await ofPrimary(this.client, pipeline => pipeline.call('WAIT', replicas, REPLICAS_MS))) >= replicas
  }
}

/** Asks the server on which the ledger lies: in a cluster, a command without a key would go to any. */
const ofPrimary = async (client: RedisClient, ask: (pipeline: ReturnType<RedisClient['pipeline']>) => unknown): Promise<string> => {
  const pipeline = client.pipeline().exists(KEYS.head)
  ask(pipeline)
  const [, answer] = (await pipeline.exec()) ?? []
  if (answer === undefined || answer[0]) throw answer?.[0] ?? new Error('found no answer')
  return String(answer[1])
}

/** Whether the server itself refused the command. */
const isReply = (error: unknown): boolean => (error as Error).name === 'ReplyError'
/** Whether the command was never sent, because there was no connection. */
const isUnsent = (error: unknown): boolean => (error as Error).message.startsWith("Stream isn't writeable")

/** Returns why Redis did not do something, in words for people. */
export const reasonOf = (error: unknown): string => (isUnsent(error) ? 'cannot be reached' : (error as Error).message)
