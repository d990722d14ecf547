/** A user who can log in with a password. */
export interface User {
  readonly name: string
  /** Of the password, as argon2 writes it. */
  readonly hash: string
}

/** A token of a login, as it is kept. */
export interface StoredToken {
  /** SHA-256 of the token, hexadecimal. */
  readonly digest: string
  readonly user: string
  /** ms since the epoch. */
  readonly expires: number
}

/**
 * What the server keeps to know its users again: hashes of passwords, digests of tokens and of used invitations. None of it is ever an
 * entry of the journal, because it is secret. It lies beside the journal so that one transaction covers a registration and its password.
 *
 * Every method is durable when it returns, or as soon as the transaction around it is. It throws JournalError if the disk does not take it,
 * and then nothing has changed.
 */
export interface CredentialStore {
  /** Returns the hash of a user's password; undefined if there is no such user. */
  hashOf(user: string): string | undefined
  /** Adds a user. Throws if there is one of that name: nobody replaces a password by registering again. */
  addUser(user: User): void
  /** Returns all tokens, in any order. */
  tokens(): StoredToken[]
  /** Adds a token, or replaces the one of that digest. */
  putToken(token: StoredToken): void
  /** Removes tokens; those that are not there do no harm. */
  removeTokens(digests: readonly string[]): void
  /** Marks an invitation as used. Returns false if it was used before. */
  useInvite(digest: string): boolean
  /** Returns those of these invitations that are used. */
  usedInvites(digests: readonly string[]): string[]
  /** Makes an invitation good again. */
  giveInviteBack(digest: string): void
}
