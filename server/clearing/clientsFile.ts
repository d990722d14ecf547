import { readFile } from 'node:fs/promises'
import type { Logger } from 'pino'
import { z } from 'zod'
import { parseDecimal } from '../../streams/lib/decimal.ts'
import { NAME, NAME_FORM } from '../../streams/lib/names.ts'
import { explain } from '../../streams/wire/explain.ts'
import { UsageError } from '../config/options.ts'
import { RESERVED_NAMES } from '../identity/nameRules.ts'
import type { ClearingPort } from './port.ts'

const name = z.string().regex(NAME, NAME_FORM)
const file = z.strictObject({
  clients: z.array(
    z.strictObject({
      username: name.refine(text => !RESERVED_NAMES.has(text), 'a name other than admin, system and sponsor'),
      passwordHash: z.string().startsWith('$argon2id$', 'an argon2id hash in the PHC string format'),
      assets: z
        .record(
          name,
          z.string().refine(text => (parseDecimal(text) ?? 0n) > 0n, 'a decimal string above zero'),
        )
        .default({}),
    }),
  ),
})

/** Clients that exist from the start, with the hashes of their passwords and their opening holdings. */
export type StartingClients = z.output<typeof file>['clients']

/** Reads a file of clients. Rejects with UsageError: where, what was found, what was expected. */
export const readClients = async (path: string, where: string): Promise<StartingClients> => {
  let json: unknown
  try {
    json = JSON.parse(await readFile(path, 'utf8'))
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? 'no JSON'
    throw new UsageError(`${where}: "${path}" cannot be read (${found}), expected a file of clients`)
  }
  const result = file.safeParse(json, { reportInput: true })
  if (!result.success) throw new UsageError(`${where}: ${path}: ${explain(result.error, '').replace(/^: /, '')}`)
  return result.data.clients
}

/** Enters clients into the clearing house: each client once and each opening holding once, whatever the file says later. */
export const enterClients = async (clearing: ClearingPort, clients: StartingClients, t: number, log: Logger): Promise<void> => {
  for (const { username, passwordHash, assets } of clients) {
    await clearing.ask('execute', { command: { kind: 'register', client: username }, who: 'system', t, secret: passwordHash })
    for (const [asset, amount] of Object.entries(assets)) {
      const command = {
        kind: 'deposit',
        key: `opening:${username}:${asset}`,
        client: username,
        asset,
        amount: parseDecimal(amount)!,
      } as const
      const done = await clearing.ask('execute', { command, who: 'system', t })
      if ('refused' in done)
        log.warn({ client: username, asset, why: done.refused }, 'an opening holding differs from the one entered before: it is ignored')
    }
  }
}
