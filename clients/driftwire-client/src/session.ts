import type { Identity, Issued } from '../../../streams/wire/methods.ts'
import type { Calls, RequestOptions } from './calls.ts'
import { RequestError } from './requestError.ts'

/** Gives a token when one is needed: at first, before the old one ends, and when it was refused. Undefined: there is none. */
export type GetToken = () => string | undefined | Promise<string | undefined>

/** What a session needs. */
export interface SessionOptions {
  readonly calls: Calls
  /** A token from the start. */
  readonly token: string | undefined
  readonly getToken: GetToken | undefined
  /** The line speaks for somebody from now on; `other`: not for whom it spoke before, or not without a break. */
  readonly bound: (other: boolean) => void
  /** A token was refused or has ended. */
  readonly refused: (error: unknown) => void
}

/** A token is renewed when so much of its life is left, ms, but never before half of it is over. */
const AHEAD_MS = 60_000
/** The longest time that a timer can wait for, ms. */
const TIMER_MAX = 2 ** 31 - 1

/** For whom the line speaks: kept over reconnections, and renewed before it ends. */
export class Session {
  /** The token of now. */
  token: string | undefined
  /** The client's name, if it is known. */
  user: string | undefined
  private readonly options: SessionOptions
  private timer: ReturnType<typeof setTimeout> | undefined
  private logins = 0

  constructor(options: SessionOptions) {
    this.options = options
    this.token = options.token
  }

  /** Whether a login is under way. */
  get busy(): boolean {
    return this.logins > 0
  }

  /** A line is up. Calls `ready` when it is known for whom it speaks, at once if it is for nobody. */
  open(ready: () => void): void {
    const { getToken } = this.options
    if (this.token !== undefined) this.authenticate(this.token, getToken !== undefined, ready)
    else if (getToken) this.renew(ready)
    else ready()
  }

  /** Logs in or registers, and binds the line. */
  async login(method: 'login' | 'register', params: { readonly username: string }, options?: RequestOptions): Promise<Issued> {
    const issued = await this.busyWith(this.options.calls.request(method, params, options) as Promise<Issued>)
    this.bind(issued.token, params.username, issued.expires)
    return issued
  }

  /** Binds the line to the owner of a token. */
  async auth(token: string, options?: RequestOptions): Promise<Identity> {
    const identity = await this.busyWith(this.options.calls.request('auth', { token }, options) as Promise<Identity>)
    this.bind(token, identity.user, identity.expires)
    return identity
  }

  /** Ends the token; the line speaks for nobody. */
  async logout(options?: RequestOptions): Promise<void> {
    const { token } = this
    this.unbind()
    await this.options.calls.request('logout', token === undefined ? {} : { token }, options)
    this.options.bound(true)
  }

  /** Stops renewing. */
  close(): void {
    clearTimeout(this.timer)
  }

  private async busyWith<T>(work: Promise<T>): Promise<T> {
    this.logins += 1
    try {
      return await work
    } finally {
      this.logins -= 1
    }
  }

  private authenticate(token: string, renewable: boolean, ready: () => void): void {
    this.options.calls.now('auth', { token }, (error, result) => {
      if (error === undefined) {
        const { user, expires } = result as Identity
        this.bind(token, user, expires)
      } else if (error instanceof RequestError && !error.retry && error.code !== 'closed') {
        this.options.refused(error)
        this.unbind()
        if (renewable) {
          this.renew(ready)
          return
        }
        this.options.bound(true)
      }
      // Any other error means that the line is lost again, or the server too busy: the next line tries the same token.
      ready()
    })
  }

  /** Gets another token and binds the line to its owner. */
  private renew(ready: () => void): void {
    const got = async (): Promise<string | undefined> => this.options.getToken?.()
    this.busyWith(got()).then(
      token => {
        if (token === undefined) ready()
        else this.authenticate(token, false, ready)
      },
      error => {
        this.options.refused(error)
        ready()
      },
    )
  }

  private bind(token: string, user: string | undefined, expires: number | undefined): void {
    const other = user !== this.user || this.token === undefined
    this.token = token
    this.user = user
    clearTimeout(this.timer)
    if (expires !== undefined) this.renewBefore(expires)
    this.options.bound(other)
  }

  private unbind(): void {
    clearTimeout(this.timer)
    this.token = undefined
    this.user = undefined
  }

  private renewBefore(expires: number): void {
    const left = expires - Date.now()
    const wait = this.options.getToken ? Math.max(left / 2, left - AHEAD_MS) : left
    this.timer = setTimeout(
      () => {
        if (wait > TIMER_MAX) this.renewBefore(expires)
        else if (this.options.getToken) this.renew(() => {})
        else {
          this.unbind()
          this.options.refused(new RequestError('not_logged_in', 'the login has ended', false))
          this.options.bound(true)
        }
      },
      Math.min(wait, TIMER_MAX),
    )
  }
}
