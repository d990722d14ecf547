import { createHash } from 'node:crypto'

/**
 * Returns the SHA-256 of a token or an invitation, hexadecimal: all that is kept of it. It needs neither salt nor slowness, because a token is
 * random and long.
 *
 * The time of a look-up in a map gives an attacker nothing: digests are compared, which nobody can choose or steer towards a known one,
 * and even a whole digest does not lead back to its token.
 */
export const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
