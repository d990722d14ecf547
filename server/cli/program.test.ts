import { describe, expect, it } from 'vitest'
import { environmentName, OPTIONS, UsageError } from '../config/options.ts'
import type { CommandContext } from './command.ts'
import { COMMANDS } from './commands.ts'
import { parse } from './program.ts'

const context = (environment: CommandContext['environment'] = {}, columns = 80): CommandContext => ({
  environment,
  version: '1.2.3',
  columns,
})
const typed = (words: readonly string[], environment: CommandContext['environment'] = {}) => {
  const found = parse(words, context(environment))
  if (!('command' in found)) throw new Error(`found ${JSON.stringify(found)}, expected a command`)
  return found
}
const printed = (words: readonly string[]): string => {
  const found = parse(words, context())
  if (!('print' in found)) throw new Error(`found ${JSON.stringify(found)}, expected a text`)
  return found.print
}
const refused = (words: readonly string[]): string => {
  try {
    parse(words, context())
  } catch (error) {
    expect(error).toBeInstanceOf(UsageError)
    return (error as Error).message
  }
  throw new Error(`${words.join(' ')}: was not refused`)
}
/** Words that satisfy a command. */
const needed = ({ takes = [] }: (typeof COMMANDS)[number]): string[] =>
  takes.filter(({ optional }) => !optional).map(({ choices }) => choices?.[0] ?? 'word')

describe.each(COMMANDS.map(command => [command.name, command] as const))('driftwire %s', (name, command) => {
  const words = name.split(' ')

  it('is found by its words', () => {
    expect(typed([...words, ...needed(command)])).toMatchObject({ command, given: { words: needed(command), options: {} } })
  })

  it.each([[[...words, '-h']], [[...words, '--help']], [['help', ...words]], [[...words, ...needed(command), '-h']]])(
    '%j shows how it is typed, each argument, option and variable',
    asked => {
      const help = printed(asked)
      expect(help).toMatch(new RegExp(`^Usage: driftwire ${name}( |\n)`))
      for (const argument of command.takes ?? []) expect(help).toContain(argument.name)
      for (const [option, { env }] of Object.entries(command.options ?? {})) {
        expect(help).toContain(`--${option}`)
        if (env !== undefined) expect(help).toContain(`(${env})`)
      }
    },
  )

  it('takes each of its options from the command line and from its variable, and the command line wins', () => {
    for (const [option, { kind, env, choices = ['this', 'that'] }] of Object.entries(command.options ?? {})) {
      const [one, two] = [choices[0]!, choices.at(-1)!]
      const args = kind === 'flag' ? [`--${option}`] : kind === 'list' ? [`--${option}`, one, `--${option}=${two}`] : [`--${option}`, one]
      const value = kind === 'flag' ? true : kind === 'list' ? [one, two] : one
      const line = [...words, ...needed(command), ...args]
      expect(typed(line).given.options).toEqual({ [option]: value })
      if (env === undefined) continue
      const other = kind === 'flag' ? 'false' : two
      expect(typed(line, { [env]: other }).given.options).toEqual({ [option]: value })
      expect(
        typed([...words, ...needed(command)], { [env]: kind === 'list' ? `${one};${two}` : kind === 'flag' ? '1' : one }),
      ).toMatchObject({ given: { options: { [option]: value } } })
      expect(typed([...words, ...needed(command)], { [env]: '' }).given.options).toEqual({})
    }
  })

  it('is listed by the help of all', () => {
    expect(printed([])).toMatch(new RegExp(`^ +${name} `, 'm'))
    if (words.length === 2) expect(printed([words[0]!, '-h'])).toMatch(new RegExp(`^ +${name} `, 'm'))
  })
})

describe('driftwire', () => {
  it.each([[[]], [['-h']], [['--help']], [['help']]])('%j lists the commands in lines of the terminal', words => {
    const help = printed(words)
    expect(help).toMatch(/^Usage: driftwire COMMAND \[options\]\n/)
    expect(Math.max(...help.split('\n').map(line => line.length))).toBeLessThanOrEqual(80)
  })

  it.each([[['-v']], [['--version']]])('%j prints the version', words => {
    expect(printed(words)).toBe('1.2.3\n')
  })

  it.each<[words: string[], line: string]>([
    [['sevre'], 'command: found "sevre", expected one that `driftwire -h` lists (Did you mean serve?)'],
    [['pln', 'main'], 'command: found "pln", expected one that `driftwire -h` lists (Did you mean pnl?)'],
    [['help', 'pln'], 'command: found "pln", expected one that `driftwire -h` lists (Did you mean pnl?)'],
    [['qqqqqqqq'], 'command: found "qqqqqqqq", expected one that `driftwire -h` lists'],
    [['import'], 'command: found "import", expected import transactions, import prices,'],
    [['import', 'price'], 'command: found "import price", expected import transactions, import prices,'],
    [['serve', '--prot', '1'], '--prot: found an option that is not known, expected one of --config, --host, --port'],
    [['serve', '-p', '1'], '-p: found an option that is not known, expected one of --config'],
    [['serve', 'now'], 'serve: found 1 word, expected options only'],
    [['serve', '--port'], '--port: found no value, expected PORT'],
    [['serve', '--port='], '--port: found no value, expected PORT'],
    [['serve', '--data', ''], '--data: found no value, expected DIR'],
    [['serve', '--feed', 'sim', '--feed', ''], '--feed: found no value, expected SPEC'],
    [['serve', '--exit-at-end=yes'], '--exit-at-end: found a value, expected none'],
    [['complete', 'tcsh'], 'complete: found "tcsh", expected bash, zsh or fish'],
    [['pnl'], 'pnl: found no PORTFOLIO, expected PORTFOLIO'],
    [['pnl', 'a', 'b'], 'pnl: found 2 words, expected PORTFOLIO'],
    [['pnl', 'a', '--csv', '--json'], '--csv: found also --json, expected one of them'],
    [['client', 'hash', 'a-secret'], 'client hash: found 1 word, expected options only'],
    [['import', 'coingecko', '--kye=a-secret'], '--kye: found an option that is not known, expected one of --top'],
  ])('%j is refused in one line that says where, what was found and what was expected, and repeats no secret', (words, line) => {
    const message = refused(words)
    expect(message.startsWith(line), message).toBe(true)
    expect(message).not.toMatch(/\n|secret/)
  })

  it('suggests an option, too', () => {
    expect(refused(['serve', '--prot', '1'])).toMatch(/ \(Did you mean --port\?\)$/)
  })

  it('has help of each command in lines of eighty columns', () => {
    for (const { name } of COMMANDS)
      for (const line of printed([...name.split(' '), '-h']).split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
  })

  it('serve has every option of a server, each with a variable', () => {
    const help = printed(['serve', '-h'])
    for (const name of Object.keys(OPTIONS)) expect(help).toContain(`(${environmentName(name)})`)
  })
})
