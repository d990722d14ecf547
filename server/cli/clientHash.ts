import { UsageError } from '../config/options.ts'
import { passwordFault } from '../identity/nameRules.ts'
import { Passwords } from '../identity/passwords.ts'
import { askHidden } from './terminal/prompt.ts'

/**
 * Reads a password, which a terminal does not show, and returns its hash as a file of clients has it. Throws UsageError if it is none that
 * the server would take. The password is never an argument: others on the machine could read it there.
 */
export const clientHash = async (input: NodeJS.ReadStream): Promise<string> => {
  const password = await askHidden('password: ', input)
  const fault = passwordFault(password)
  if (fault !== undefined) throw new UsageError(fault)
  return new Passwords().hash(password, { network: 'terminal' })
}
