import { UsageError } from '../config/options.ts'
import { JournalError } from '../journal/journalError.ts'
import { packageVersion } from '../lib/packageVersion.ts'
import { commandHelp, commandOf, help, namesLike } from './commands.ts'

const version = packageVersion()

const isHelp = (word: string | undefined): boolean => word === '--help' || word === '-h'

/** Runs what was typed. Returns the exit code, undefined for zero. Throws UsageError for a mistake in it. */
const run = async (words: readonly string[]): Promise<number | undefined> => {
  const [first, ...rest] = words
  if (first === '--version' || first === '-v') {
    console.log(version)
    return undefined
  }
  const asked = first === 'help' ? rest : words
  if (asked.length === 0 || isHelp(asked[0])) {
    console.log(help(version))
    return undefined
  }
  const found = commandOf(asked)
  if (found === undefined) {
    // A group such as `import` has no command of its own, but its help is that of its members.
    const members = namesLike(asked[0])
    if (members[0]!.startsWith(`${asked[0]} `) && (first === 'help' || isHelp(asked[1]))) {
      console.log(members.map(name => commandHelp(commandOf(name.split(' '))!.command)).join('\n\n'))
      return undefined
    }
    const typed = members[0]!.includes(' ') ? asked.slice(0, 2).join(' ') : asked[0]
    throw new UsageError(`command: found "${typed}", expected ${members.slice(0, -1).join(', ')} or ${members.at(-1)}`)
  }
  const { command, args } = found
  if (first === 'help' || args.some(isHelp)) {
    console.log(commandHelp(command))
    return undefined
  }
  return command.run(args, { environment: process.env, version, columns: process.stdout.columns ?? 80 })
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof UsageError || error instanceof JournalError ? `driftwire: ${error.message}` : error)
  process.exitCode = error instanceof UsageError ? 2 : 1
}
