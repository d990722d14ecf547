import { NAME } from '../../streams/lib/names.ts'

/** Bytes of UTF-8. */
const SHORTEST = 8
const LONGEST = 1024

/** What is wrong with a name that somebody wants; the text does not repeat it, for people mistake the fields. */
export const usernameFault = (username: string): string | undefined =>
  NAME.test(username)
    ? undefined
    : `username: found ${username.length} characters that are no name, expected 1 to 64 of A-Z, a-z, 0-9, ".", "_" and "-", the first a letter or digit`

/** What is wrong with a password that somebody wants, without saying anything of it but its length. */
export const passwordFault = (password: string): string | undefined => {
  // UTF-8 has no form for it: two different passwords would become one.
  if (/\p{Surrogate}/u.test(password)) return 'password: found half a surrogate pair, expected Unicode text'
  const bytes = Buffer.byteLength(password)
  return bytes >= SHORTEST && bytes <= LONGEST ? undefined : `password: found ${bytes} bytes of UTF-8, expected ${SHORTEST} to ${LONGEST}`
}
