import type { Check, Subject } from './check.ts'
import { CLIENTS } from './checks/clients.ts'
import { HTTP } from './checks/http.ts'
import { PARTS } from './checks/parts.ts'
import { PAST } from './checks/past.ts'
import { REQUESTS } from './checks/requests.ts'
import { SUBSCRIPTIONS } from './checks/subscriptions.ts'
import { Conversation, type SocketLike } from './conversation.ts'
import { Mismatch, Skipped } from './mismatch.ts'

/** Every check, in the order in which they are reported. */
export const CHECKS: readonly Check[] = [...REQUESTS, ...SUBSCRIPTIONS, ...PARTS, ...PAST, ...CLIENTS, ...HTTP]

/** What a check has shown. */
export interface Result {
  readonly check: Check
  readonly outcome: 'passed' | 'failed' | 'skipped'
  /** Why it failed or was skipped. */
  readonly why: string | undefined
  /** What was said over the sockets of a check that failed. */
  readonly transcripts: readonly (readonly string[])[]
}

/** Checks that run at the same time: much of a check is waiting. */
const AT_ONCE = 6
/** How long a channel that changes is looked for if nothing else is asked for, and how many are looked at. */
const LOOK_MS = 2_500
const LOOK_AT = 100

/** How a server is tried. */
export interface SuiteOptions {
  /** `http://HOST:PORT` */
  readonly url: string
  /** Opens a socket to an address, `ws://HOST:PORT/ws`. */
  readonly socket: (url: string) => SocketLike
  /** The checks that are made; all if left out. */
  readonly checks?: readonly Check[]
  /** How long a channel that changes is looked for, ms. */
  readonly lookMs?: number
}

/** Tries a server. Gives each result as soon as those before it are there. Throws a Mismatch if there is no server that can be tried. */
export async function* tried({ url, socket, checks = CHECKS, lookMs = LOOK_MS }: SuiteOptions): AsyncGenerator<Result> {
  const address = `${url.replace(/^http/, 'ws')}/ws`
  const open = (): Promise<Conversation> => Conversation.open(socket(address), address)
  const { channels, moving } = await look(open, lookMs)
  const subject = {
    url,
    open,
    channels,
    moving,
    client: clientMaker(url),
    http: (path: string, init?: RequestInit) => asked(url + path, init),
  }
  const results = inTurns(checks, check => made(check, subject))
  for (const result of results) yield await result
}

const made = async (check: Check, subject: Subject): Promise<Result> => {
  const lines: Conversation[] = []
  const open = async (): Promise<Conversation> => {
    const line = await subject.open()
    lines.push(line)
    return line
  }
  try {
    await check.run({ ...subject, open })
    return { check, outcome: 'passed', why: undefined, transcripts: [] }
  } catch (error) {
    if (error instanceof Skipped) return { check, outcome: 'skipped', why: error.message, transcripts: [] }
    const why = error instanceof Mismatch ? error.message : `the check itself ended: ${(error as Error).message}`
    return { check, outcome: 'failed', why, transcripts: lines.map(({ transcript }) => [...transcript]) }
  } finally {
    for (const line of lines) line.close()
  }
}

/** Runs the work on each item, few at once; the results in the order of the items. */
const inTurns = <A, B>(items: readonly A[], work: (item: A) => Promise<B>): Promise<B>[] => {
  const running: Promise<B>[] = []
  for (const [i, item] of items.entries()) {
    const before = running[i - AT_ONCE]
    running.push(before === undefined ? work(item) : before.then(() => work(item)))
  }
  return running
}

/** Lists the channels, and finds the one with the most pushes a second. */
const look = async (open: () => Promise<Conversation>, ms: number): Promise<{ channels: readonly string[]; moving: string }> => {
  const line = await open()
  const channels = await line.ask<string[]>('channels')
  const candidates = channels.filter(name => /^(tick|fund|pnl|pool):/.test(name)).slice(0, LOOK_AT)
  let broken = false
  if (candidates.length > 0) {
    try {
      await line.subscribe(candidates)
      await line.pause(ms)
    } catch {
      broken = true // which rule it is is for the checks to say
    }
  }
  line.close()
  const pushes = (name: string): number => line.followed.get(name)?.pushes.length ?? 0
  const [best = 'status'] = [...candidates].sort((a, b) => pushes(b) - pushes(a))
  return { channels, moving: pushes(best) > 2 || (broken && candidates.length > 0) ? best : 'status' }
}

/** Registers a new client at each call, if the server lets anybody register. */
const clientMaker = (url: string): Subject['client'] => {
  const run = Math.random().toString(36).slice(2, 10)
  let clients = 0
  return async () => {
    const client = { username: `conformance-${run}-${++clients}`, password: `${run} is a password` }
    const { status, json } = await asked(`${url}/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(client),
    })
    if (status === 403) throw new Skipped('nobody may register here')
    if (status !== 200) throw new Mismatch('POST /register: status', `${status} ${JSON.stringify(json)}`, '200')
    return client
  }
}

const asked = async (url: string, init?: RequestInit): ReturnType<Subject['http']> => {
  const response = await fetch(url, { ...init, redirect: 'manual', signal: AbortSignal.timeout(10_000) })
  const text = await response.text()
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {}
  return { status: response.status, headers: response.headers, text, json }
}
