import type { Completion, OptionSpecs, Values } from '../config/options.ts'

/** What a command is given beside its arguments. */
export interface CommandContext {
  /** Variables that are set and not empty. */
  readonly environment: Readonly<Record<string, string | undefined>>
  /** The version of driftwire. */
  readonly version: string
  /** Columns of the terminal; 80 if there is none. */
  readonly columns: number
}

/** A word that a command takes. */
export interface Argument {
  /** As its help shows it, in capitals. */
  readonly name: string
  readonly help: string
  readonly optional?: true
  /** It takes all words that are left. */
  readonly many?: true
  readonly choices?: readonly string[]
  readonly complete?: Completion
}

/** The headings under which the help lists the commands, in this order. */
export const GROUPS = ['Server', 'Figures', 'Orders', 'Data', 'Calculations', 'Terminal'] as const

/** One of GROUPS. */
export type Group = (typeof GROUPS)[number]

/** What was typed behind a command's name. */
export interface Given<O extends OptionSpecs> {
  readonly words: readonly string[]
  /** As typed, else as the environment has them. */
  readonly options: Values<O>
}

/** A command of the command line. */
export interface Command<O extends OptionSpecs = OptionSpecs> {
  /** One word, or two such as `import prices`. */
  readonly name: string
  readonly group: Group
  /** One line, without a full stop. */
  readonly summary: string
  readonly takes?: readonly Argument[]
  readonly options?: O
  /** What its help says beyond the summary. */
  readonly more?: string | (() => string)
  /** Runs it. Returns its exit code, if it is not zero. Throws UsageError for a mistake in what was typed. */
  run(given: Given<O>, context: CommandContext): Promise<number | undefined>
}

/** Returns the command as it is, its `run` typed by its options. */
export const command = <const O extends OptionSpecs>(entry: Command<O>): Command => entry

/** What an exit code means, of every command. */
export const EXIT_CODES = {
  0: 'done',
  1: 'not done: something was refused, failed or did not answer; the last line says what',
  2: 'a mistake in what was typed or configured; nothing was done',
} as const
