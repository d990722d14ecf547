import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { UsageError } from '../config/options.ts'
import { passwordFault } from '../identity/nameRules.ts'
import { Passwords } from '../identity/passwords.ts'

/**
 * Reads a password, which a terminal does not show, and returns its hash as a file of clients has it. Throws UsageError if it is none that
 * the server would take. The password is never an argument: others on the machine could read it there.
 */
export const clientHash = async (args: readonly string[], input: NodeJS.ReadStream): Promise<string> => {
  if (args.length > 0)
    throw new UsageError(`client hash: found "${args[0]}", expected no arguments: the password is read from the terminal or a pipe`)
  if (input.isTTY) process.stderr.write('password: ')
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: silent, terminal: input.isTTY === true })
  const password = await new Promise<string>(resolve => {
    lines.once('line', resolve)
    lines.once('close', () => resolve(''))
  })
  lines.close()
  if (input.isTTY) process.stderr.write('\n')
  const fault = passwordFault(password)
  if (fault !== undefined) throw new UsageError(fault)
  return new Passwords().hash(password, { network: 'terminal' })
}
