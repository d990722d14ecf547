import { signal } from '@preact/signals'
import { wire } from './line.ts'
import { keepSession, type Session, storedSession } from './token.ts'

/** The session; undefined if nobody is signed in. It lasts as long as the browser's tab. */
export const session = signal<Session | undefined>(storedSession())
/** Why the last session ended, if it was not by the user. */
export const ended = signal<string | undefined>(undefined)

const set = (next: Session | undefined): void => {
  keepSession(next)
  ended.value = undefined
  session.value = next
}

/** Signs in with a token: a client's, or an operator's. Rejects with a RequestError. */
export const signInWith = async (token: string): Promise<void> => {
  const { user, admin } = await wire.auth(token)
  set({ token, user: user || 'operator', admin })
}

/** Signs a client in. Rejects with a RequestError. */
export const signIn = async (username: string, password: string): Promise<void> => {
  const { token } = await wire.login(username, password)
  set({ token, user: username, admin: false })
}

/** Registers a client and signs it in. Rejects with a RequestError. */
export const register = async (username: string, password: string, invite?: string): Promise<void> => {
  const { token } = await wire.register(username, password, invite)
  set({ token, user: username, admin: false })
}

/** Signs out: the token ends. */
export const signOut = async (): Promise<void> => {
  set(undefined)
  await wire.logout()
}

wire.events.subscribe(event => {
  if (event.kind !== 'login' || session.peek() === undefined) return
  set(undefined)
  ended.value = event.error instanceof Error ? event.error.message : 'the login has ended'
})
