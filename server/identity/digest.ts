import { createHash } from 'node:crypto'

/**
 * SHA-256 of a token or an invitation, hexadecimal: all that is kept of it. It needs neither salt nor slowness, for what it hides is
 * random and long.
 *
 * Looking it up in a map tells an attacker nothing by its time: what is compared are digests, which he can neither choose nor steer
 * towards a known one, and even a whole digest does not lead back to its token.
 */
export const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')
