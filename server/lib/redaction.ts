/** What stands in the place of a secret. */
const REDACTED = '[redacted]'

/** A shorter secret would be found in much that is none. */
const SHORTEST = 6

/** What a secret looks like wherever it stands, and what is left of it. */
const LOOKS: readonly (readonly [RegExp, string])[] = [
  // Name and password in an address.
  [/\b([a-z][a-z\d+.-]*:\/\/)[^\s/@"\\]+@/gi, `$1${REDACTED}@`],
  [/\b(Bearer|Basic) +[\w.~+/=-]{6,}/gi, `$1 ${REDACTED}`],
  // Members of JSON, also of JSON that stands in a text of JSON.
  [/(\\?"(?:password|passwordHash|token|invite|secret|apiKey|authorization)\\?"\s*:\s*\\?")(?:[^"\\]|\\[^"])*/gi, `$1${REDACTED}`],
  // Of a query or a form.
  [/\b(password|token|access_token|invite)=[^&\s"\\]+/gi, `$1=${REDACTED}`],
  // As argon2 writes it.
  [/\$argon2id?\$[\w$=,+/.-]+/g, REDACTED],
]

/** Returns a function that takes secrets out of a text: these, as they are, and whatever looks like one. */
export const redactor = (secrets: readonly string[]): ((text: string) => string) => {
  const known = [...new Set(secrets.filter(secret => secret.length >= SHORTEST))].sort((a, b) => b.length - a.length)
  return text => {
    let plain = text
    for (const secret of known) plain = plain.replaceAll(secret, REDACTED)
    for (const [look, left] of LOOKS) plain = plain.replace(look, left)
    return plain
  }
}
