import { createHmac } from 'node:crypto'

/** The header that has the signature of a message. */
export const SIGNATURE_HEADER = 'driftwire-signature'

/** Returns the signature of a body that is sent at `t` (s since the epoch): `t=T,v1=HEX`, the HMAC-SHA256 of `T.BODY`. */
export const signature = (secret: string, t: number, body: string): string =>
  `t=${t},v1=${createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')}`
