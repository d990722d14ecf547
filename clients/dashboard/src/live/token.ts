/** Who the page speaks for. */
export interface Session {
  readonly token: string
  /** The client's name, or the operator's. */
  readonly user: string
  readonly admin: boolean
}

const KEY = 'driftwire.session'

/** Returns the session of this tab of the browser; undefined if nobody is signed in. */
export const storedSession = (): Session | undefined => {
  try {
    return JSON.parse(sessionStorage.getItem(KEY) ?? 'null') ?? undefined
  } catch {
    return undefined
  }
}

/** Returns its token. */
export const tokenOf = (): string | undefined => storedSession()?.token

/** Keeps a session for as long as the tab lives. */
export const keepSession = (session: Session | undefined): void => {
  if (session) sessionStorage.setItem(KEY, JSON.stringify(session))
  else sessionStorage.removeItem(KEY)
}
