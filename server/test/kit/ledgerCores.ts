import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { caughtUp, following } from './ledgerInRedis.ts'

type Said =
  | { readonly leads: number; readonly entries: number }
  | { readonly following: number }
  | { readonly acked: string; readonly seq: number; readonly at: number }
  | { readonly refused: string }
  | { readonly ended: string }
  | { readonly closed: true }

const running = new Set<ChildProcess>()

/** Ends all of them, whatever they do. */
export const killCores = (): void => {
  for (const child of running) child.kill('SIGKILL')
}
process.on('exit', killCores)

/** A core's clearing house under load, as a process of its own. */
export class LedgerCore {
  readonly acked: { readonly key: string; readonly seq: number; readonly at: number }[] = []
  leads = 0
  /** Entries of the ledger when it began to lead. */
  entries = 0
  follows = false
  ended = ''
  readonly refused: string[] = []
  readonly child: ChildProcess
  readonly exited: Promise<unknown>

  constructor(dir: string, url: string, name: string) {
    const args = [join(dir, `${name}.db`), url, name]
    this.child = fork(fileURLToPath(new URL('./ledgerCore.mjs', import.meta.url)), args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    running.add(this.child)
    this.child.on('message', (said: Said) => {
      if ('acked' in said) this.acked.push({ key: said.acked, seq: said.seq, at: said.at })
      else if ('leads' in said) Object.assign(this, said)
      else if ('following' in said) this.follows = true
      else if ('ended' in said) this.ended = said.ended
      else if ('refused' in said) this.refused.push(said.refused)
    })
    this.exited = once(this.child, 'exit').then(() => running.delete(this.child))
  }

  /** Waits until it has acknowledged something after a moment. Returns when, ms since the epoch. */
  async acksAfter(moment: number): Promise<number> {
    await until(() => this.acked.some(({ at }) => at > moment))
    return this.acked.find(({ at }) => at > moment)!.at
  }

  async close(): Promise<void> {
    this.child.send('close')
    await this.exited
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL')
    await this.exited
  }
}

/** Waits until something holds. */
export const until = async (holds: () => boolean, ms = 15_000): Promise<void> => {
  const from = performance.now()
  while (!holds()) {
    if (performance.now() - from > ms) throw new Error(`found that it does not hold after ${ms} ms: ${holds}`)
    await delay(5)
  }
}

/** Holds what cores have acknowledged against the ledger: each once, under its number, and the chain whole. */
export const audit = (file: string, url: string, ...cores: readonly LedgerCore[]): number => {
  const journal = caughtUp(following({ file, url }))
  const places = new Map<string, number[]>()
  for (const [seq, who, key] of journal.keys()) {
    const name = who === 'admin' ? key : `${who} ${key}`
    places.set(name, [...(places.get(name) ?? []), seq])
  }
  journal.verify()
  journal.close()
  let acknowledged = 0
  for (const core of cores)
    for (const { key, seq } of core.acked) {
      expect(places.get(key), key).toEqual([seq])
      acknowledged += 1
    }
  for (const [key, seqs] of places) expect(seqs.length, key).toBe(1)
  return acknowledged
}
