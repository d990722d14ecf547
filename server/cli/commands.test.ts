import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Passwords } from '../identity/passwords.ts'
import { clientHash } from './clientHash.ts'
import { COMMANDS, commandHelp, commandOf, help, namesLike } from './commands.ts'

describe('commands', () => {
  it.each(COMMANDS.map(command => [command.name, command] as const))(
    '%s is found by its words, and its help says how it is typed',
    (name, command) => {
      expect(commandOf([...name.split(' '), 'x', '--y'])).toEqual({ command, args: ['x', '--y'] })
      expect(commandHelp(command)).toMatch(new RegExp(`^driftwire ${name}( |\n)`))
      expect(help('1')).toContain(`driftwire ${name}`)
    },
  )

  it('of other names are not found, and the error can list those that are near', () => {
    expect(commandOf(['imports', 'prices'])).toBeUndefined()
    expect(namesLike('import')).toContain('import prices')
    expect(namesLike('sevre')).toContain('serve')
  })
})

describe('client hash', () => {
  const typed = (text: string) => clientHash([], Readable.from([text]) as unknown as NodeJS.ReadStream)

  it('hashes a password as the server verifies it, and never the same way twice', async () => {
    const [one, two] = [await typed('correct horse\n'), await typed('correct horse\n')]
    expect(one).not.toBe(two)
    for (const hash of [one, two]) expect(await new Passwords().verify('correct horse', hash, { network: 'here' })).toBe(true)
  })

  it.each([
    ['short\n', 'password: found 5 bytes of UTF-8, expected 8 to 1024'],
    ['', 'password: found 0 bytes of UTF-8, expected 8 to 1024'],
  ])('refuses %j', async (text, why) => {
    await expect(typed(text)).rejects.toThrow(why)
  })

  it('takes no password as an argument', async () => {
    await expect(clientHash(['secret'], Readable.from([]) as unknown as NodeJS.ReadStream)).rejects.toThrow('expected no arguments')
  })
})
