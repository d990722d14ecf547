import { NAME } from '../../streams/lib/names.ts'

/** Bytes of UTF-8 that a password may have. */
const SHORTEST = 8
const LONGEST = 1024

/** Names that act in the ledger without ever having registered. */
export const RESERVED_NAMES: ReadonlySet<string> = new Set(['admin', 'system', 'sponsor'])

/** Returns what is wrong with a user name; undefined if nothing is. The text does not repeat the name: people mix up the two fields. */
export const usernameFault = (username: string): string | undefined =>
  NAME.test(username)
    ? undefined
    : `username: found ${username.length} characters that are no name, expected 1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-", the first a letter or digit`

/** Returns what is wrong with a password, saying nothing of it but its length; undefined if nothing is. */
export const passwordFault = (password: string): string | undefined => {
  // UTF-8 has no form for half a pair: two different passwords would become one.
  if (/\p{Surrogate}/u.test(password)) return 'password: found half a surrogate pair, expected Unicode text'
  const bytes = Buffer.byteLength(password)
  return bytes >= SHORTEST && bytes <= LONGEST ? undefined : `password: found ${bytes} bytes of UTF-8, expected ${SHORTEST} to ${LONGEST}`
}
