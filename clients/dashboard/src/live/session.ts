import { signal } from '@preact/signals'
import { ask, line } from './line.ts'

/** Who the page speaks for. */
export interface Session {
  readonly token: string
  readonly user: string
  readonly admin: boolean
}

const KEY = 'driftwire.session'

const stored = (): Session | undefined => {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** The session; undefined if nobody is signed in. It lasts as long as the browser's tab. */
export const session = signal<Session | undefined>(stored())

const keep = (next: Session | undefined): void => {
  session.value = next
  if (next) sessionStorage.setItem(KEY, JSON.stringify(next))
  else sessionStorage.removeItem(KEY)
}

/** Signs in with a token: a client's, or an operator's. */
export const signInWith = async (token: string): Promise<void> => {
  const { user, admin } = await ask<{ user: string; admin: boolean }>('auth', { token })
  keep({ token, user, admin })
}

/** Signs in, or registers and signs in. */
export const signIn = async (method: 'login' | 'register', username: string, password: string, invite?: string): Promise<void> => {
  const { token } = await ask<{ token: string }>(method, { username, password, ...(invite && { invite }) })
  keep({ token, user: username, admin: false })
}

/** Signs out: the token ends. */
export const signOut = async (): Promise<void> => {
  const token = session.peek()?.token
  keep(undefined)
  if (token !== undefined) await ask('logout', { token })
}

// A new connection speaks for nobody until it is told.
line.subscribe(({ state }) => {
  const before = session.peek()
  if (state !== 'live' || before === undefined) return
  signInWith(before.token).catch((error: { code?: string }) => {
    if (error.code === 'bad_credentials') keep(undefined)
  })
})
