import { Argument, Command as Commander, CommanderError, Option } from 'commander'
import { fromEnvironment, type OptionSpec, type OptionSpecs, UsageError, type Values } from '../config/options.ts'
import { type Command, type CommandContext, type Given, GROUPS, type Argument as Taken } from './command.ts'
import { COMMANDS } from './commands.ts'
import { type Paint, paintFor } from './terminal/style.ts'

/** What was typed: a command with what it was given, or a wish for a text such as its help, or, by a shell, words to be completed. */
export type Typed =
  | { readonly command: Command; readonly given: Given<OptionSpecs> }
  | { readonly print: string }
  | { readonly complete: readonly string[] }

/** Runs what was typed. Returns the exit code, undefined for zero. Throws UsageError for a mistake in it. */
export const runTyped = async (words: readonly string[], context: CommandContext): Promise<number | undefined> => {
  const typed = parse(words, context)
  if ('command' in typed) return typed.command.run(typed.given, context)
  if ('print' in typed) process.stdout.write(typed.print)
  else await (await import('./complete.ts')).complete(typed.complete, context.environment)
  return undefined
}

/** Reads what was typed. Throws UsageError for a mistake in it. */
export const parse = (words: readonly string[], context: CommandContext): Typed => {
  if (words[0] === 'complete' && words[1] === '--') return { complete: words.slice(2) }
  let print = ''
  let typed: Typed | undefined
  const program = programOf(
    context,
    text => {
      print += text
    },
    found => {
      typed = found
    },
  )
  try {
    program.parse(asked(words), { from: 'user' })
  } catch (error) {
    // The wish for help ends the parsing, too.
    if (!(error instanceof CommanderError && error.exitCode === 0)) throw error
  }
  return typed ?? { print }
}

const AFTER = `
\`driftwire COMMAND -h\` says more of each.
Exit codes: 0 done, 1 not done, 2 a mistake in what was typed or configured.`

/** `help pnl` is `pnl --help`; nothing at all is `--help`. */
const asked = (words: readonly string[]): string[] => {
  if (words.length === 0) return ['--help']
  const [first, ...rest] = words
  if (first !== 'help') return [...words]
  const known = rest.length === 0 || COMMANDS.some(({ name }) => `${name} `.startsWith(`${rest.slice(0, 2).join(' ')} `))
  return known ? [...rest, '--help'] : rest
}

const programOf = (context: CommandContext, print: (text: string) => void, found: (typed: Typed) => void): Commander => {
  const paint = paintFor(process.stdout)
  const program = new Commander('driftwire')
    .description('A real-time server for funds and portfolios.')
    .usage('COMMAND [options]')
    .version(context.version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'show what a command does and takes')
    .helpCommand(false)
    .exitOverride(refuse([], undefined))
    .configureOutput({ writeOut: print, writeErr: () => {}, getOutHelpWidth: () => context.columns, getOutHasColors: () => true })
    .configureHelp({
      styleTitle: title => paint('bold', title),
      subcommandTerm: nameOf,
      // What is behind the first word of a group is a command like any other.
      visibleCommands: parent => parent.commands.flatMap(leaf => (leaf.commands.length > 0 ? [...leaf.commands] : [leaf])),
      optionDescription: ({ description }) => description,
      argumentDescription: ({ description }) => description,
    })
    .addHelpText('after', AFTER)
  const groups = new Map<string, Commander>()
  for (const group of GROUPS) {
    for (const entry of COMMANDS.filter(entry => entry.group === group)) {
      const [first, second] = entry.name.split(' ') as [string, string?]
      const parent = second === undefined ? program : (groups.get(first) ?? groupOf(program, first, group))
      if (second !== undefined) groups.set(first, parent)
      addLeaf(parent, second ?? first, entry, context, paint, found)
    }
  }
  return program
}

const groupOf = (program: Commander, first: string, group: string): Commander => {
  const members = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name)
  return program
    .command(first)
    .usage('COMMAND [options]')
    .helpGroup(`${group}:`)
    .helpCommand(false)
    .exitOverride(refuse(members, undefined))
}

const addLeaf = (
  parent: Commander,
  word: string,
  entry: Command,
  { environment }: CommandContext,
  paint: Paint,
  found: (typed: Typed) => void,
): void => {
  const { takes = [], options = {}, more } = entry
  const leaf = parent
    .command(word)
    .description(sentence(entry.summary))
    .usage([...takes.map(argumentTerm), ...(Object.keys(options).length > 0 ? ['[options]'] : [])].join(' '))
    .helpGroup(`${entry.group}:`)
    .exitOverride(refuse([], entry))
  for (const { name, help, optional, many, choices } of takes) {
    const term = many ? `${name}...` : name
    const argument = new Argument(optional ? `[${term}]` : `<${term}>`, help)
    leaf.addArgument(choices === undefined ? argument : argument.choices([...choices]))
  }
  if (more !== undefined) leaf.addHelpText('after', () => `\n${typeof more === 'string' ? more : more()}`)
  const known = Object.entries(options).map(([name, spec]) => [name, optionOf(name, spec, paint)] as const)
  for (const [, option] of known) leaf.addOption(option)
  leaf.action(() => {
    const values: Record<string, unknown> = {}
    for (const [name, option] of known) {
      const value: unknown = leaf.getOptionValue(option.attributeName())
      if (value === undefined) continue
      if ([value].flat().includes('')) throw new UsageError(`--${name}: found no value, expected ${options[name]!.value}`)
      values[name] = value
    }
    found({
      command: entry,
      given: { words: leaf.args, options: { ...fromEnvironment(options, environment), ...values } as Values<OptionSpecs> },
    })
  })
}

const optionOf = (name: string, { kind, value, help, env, choices, conflicts }: OptionSpec, paint: Paint): Option => {
  const said = env === undefined ? help : `${help} ${paint('dim', `(${env})`)}`
  const option = new Option(`--${name}${kind === 'flag' ? '' : ` <${value}>`}`, said)
  if (kind === 'list') option.argParser((item: string, before: string[] | undefined) => [...(before ?? []), item])
  if (choices !== undefined) option.choices([...choices])
  if (conflicts !== undefined) option.conflicts(camel(conflicts))
  return option
}

const camel = (name: string): string => name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

const argumentTerm = ({ name, optional, many }: Taken): string => `${optional ? '[' : ''}${name}${many ? '…' : ''}${optional ? ']' : ''}`

const sentence = (text: string): string => `${text[0]!.toUpperCase()}${text.slice(1)}.`

/** `import prices`, as it is typed. */
const nameOf = (leaf: Commander): string => (leaf.parent?.parent ? `${leaf.parent.name()} ${leaf.name()}` : leaf.name())

// ---- Mistakes

const inOneOf = (names: readonly string[]): string => `${names.slice(0, -1).join(', ')} or ${names.at(-1)}`

/**
 * Returns what ends the parsing of a command, or of a group with these members: for a mistake it throws UsageError with one line. The line
 * repeats no word that may be a secret: neither values nor words that were not expected.
 */
const refuse =
  (members: readonly string[], entry: Command | undefined) =>
  (error: CommanderError): never => {
    if (error.exitCode === 0) throw error
    throw new UsageError(lineOf(error, members, entry))
  }

const lineOf = ({ code, message }: CommanderError, members: readonly string[], entry: Command | undefined): string => {
  const names = Object.keys(entry?.options ?? {}).map(name => `--${name}`)
  const [, quoted = ''] = /'([^']*)'/.exec(message) ?? []
  const option = /^--[\w-]+|^-\w/.exec(quoted)?.[0] ?? quoted
  const meant = / ?(\(Did you mean .*\))/.exec(message.replaceAll('\n', ' '))?.[1]
  const hint = meant === undefined ? '' : ` ${meant}`
  switch (code) {
    case 'commander.unknownOption':
      if (names.includes(option)) return `${option}: found a value, expected none`
      return `${option}: found an option that is not known, expected ${names.length > 1 ? `one of ${names.join(', ')}` : (names[0] ?? 'none')}${hint}`
    case 'commander.optionMissingArgument':
      return `${option}: found no value, expected ${entry?.options?.[option.slice(2)]?.value}`
    case 'commander.conflictingOption':
      return `${option}: found also ${/with option '(--[\w-]+)/.exec(message)?.[1]}, expected one of them`
    case 'commander.invalidArgument': {
      const [, value, allowed] = /'([^']*)' is invalid\b.* are (.*)\.$/.exec(message) ?? []
      return `${option.startsWith('-') ? option : entry?.name}: found "${value}", expected ${inOneOf((allowed ?? '').split(', '))}`
    }
    case 'commander.missingArgument':
    case 'commander.excessArguments':
      return `${entry?.name}: found ${count(code, message)}, expected ${(entry?.takes ?? []).map(argumentTerm).join(' ') || 'options only'}`
    case 'commander.unknownCommand':
      if (members.length > 0) return `command: found "${members[0]!.split(' ')[0]} ${quoted}", expected ${inOneOf(members)}${hint}`
      return `command: found "${quoted}", expected one that \`driftwire -h\` lists${hint}`
    default:
      // A group without the word of a member.
      return `command: found "${members[0]?.split(' ')[0]}", expected ${inOneOf(members)}`
  }
}

const count = (code: string, message: string): string => {
  if (code === 'commander.missingArgument') return `no ${/'([^']*)'/.exec(message)?.[1]}`
  const [, words = '1'] = /but got (\d+)/.exec(message) ?? []
  return words === '1' ? '1 word' : `${words} words`
}
