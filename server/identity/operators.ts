import { SCOPES, type Scope } from '../../streams/wire/scopes.ts'
import { UsageError } from '../config/options.ts'
import type { Principal } from './access.ts'
import { digestOf } from './digest.ts'

/** An operator's token as the configuration has it: the server knows its digest only. */
export interface OperatorToken {
  readonly name: string
  /** SHA-256 of the token, hexadecimal. */
  readonly digest: string
  readonly scopes: readonly Scope[]
}

/** Returns a function that finds the admin or the operator by the digest of a token. Throws a UsageError if two of them have the same digest. */
export const operators = (admin: string, named: readonly OperatorToken[]): ((digest: string) => Principal | undefined) => {
  const byDigest = new Map<string, Principal>([
    [digestOf(admin), { user: '', admin: true, scopes: SCOPES, operator: 'admin', token: digestOf(admin) }],
  ])
  named.forEach(({ name, digest, scopes }, i) => {
    const plain = digest.toLowerCase()
    const other = byDigest.get(plain)
    if (other) throw new UsageError(`tokens.${i}.digest: found that of "${other.operator}", expected one of its own`)
    byDigest.set(plain, { user: '', admin: false, scopes, operator: name, token: plain })
  })
  return digest => byDigest.get(digest)
}
