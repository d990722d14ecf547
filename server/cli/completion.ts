import type { Completion, OptionSpec } from '../config/options.ts'
import type { Command } from './command.ts'

/** What a shell may offer for the word that is being typed. */
export interface Offer {
  readonly values: readonly (readonly [value: string, help: string])[]
  /** Also the names of files. */
  readonly files: boolean
}

/** Returns names that the running server knows; none if it does not answer. */
export type Names = (what: Exclude<Completion, 'files'>) => Promise<readonly string[]>

const NOTHING: Offer = { values: [], files: false }

/** Returns what can stand in the place of the last of the words, which may be empty; `words` are those typed behind `driftwire`. */
export const offerFor = async (words: readonly string[], commands: readonly Command[], names: Names): Promise<Offer> => {
  const typed = words[0] === 'help' ? words.slice(1) : words
  const before = typed.slice(0, -1)
  const word = typed.at(-1) ?? ''
  const found = [2, 1]
    .map(length => commands.find(({ name }) => name.split(' ').length === length && name === before.slice(0, length).join(' ')))
    .find(Boolean)
  if (found === undefined) return { values: matching(commandWords(commands, before), word), files: false }
  if (words[0] === 'help') return NOTHING
  const { options = {}, takes = [] } = found
  const given = before.slice(found.name.split(' ').length)
  const spec = (text: string | undefined): OptionSpec | undefined => (text?.startsWith('--') ? options[text.slice(2)] : undefined)
  const asking = spec(given.at(-1))
  if (asking !== undefined && asking.kind !== 'flag') return offered(asking.choices ?? asking.complete, word, names)
  if (word.startsWith('-')) {
    const free = Object.entries(options).filter(([name, { kind }]) => kind === 'list' || !given.includes(`--${name}`))
    const all = [...free.map(([name, { help }]) => [`--${name}`, help] as const), ['--help', 'show what it does and takes'] as const]
    return { values: matching(all, word), files: false }
  }
  const position = given.filter((text, i) => !text.startsWith('-') && (spec(given[i - 1])?.kind ?? 'flag') === 'flag').length
  const last = takes.at(-1)
  const argument = takes[position] ?? (last?.many ? last : undefined)
  return offered(argument?.choices ?? argument?.complete, word, names)
}

/** Returns the words with which a command can begin, or continue behind the first. */
const commandWords = (commands: readonly Command[], before: readonly string[]): (readonly [string, string])[] => {
  const [first] = before
  if (before.length > 1) return []
  if (first !== undefined)
    return commands
      .filter(({ name }) => name.startsWith(`${first} `))
      .map(({ name, summary }) => [name.slice(first.length + 1), summary] as const)
  const words = new Map<string, string>()
  for (const { name, summary } of commands) {
    const [one, two] = name.split(' ') as [string, string?]
    words.set(one, two === undefined ? summary : [words.get(one), two].filter(Boolean).join(', '))
  }
  return [...words, ['help', 'show what a command does and takes'] as const]
}

const matching = (all: readonly (readonly [string, string])[], word: string): Offer['values'] =>
  all.filter(([value]) => value.startsWith(word))

const offered = async (what: Completion | readonly string[] | undefined, word: string, names: Names): Promise<Offer> => {
  if (what === undefined) return NOTHING
  if (what === 'files') return { values: [], files: true }
  const values = typeof what === 'string' ? await names(what) : what
  return {
    values: matching(
      values.map(value => [value, '']),
      word,
    ),
    files: false,
  }
}

/** Returns an offer as the scripts of the shells read it: a value a line, its help behind a tab; `:files` for the names of files. */
export const offerText = ({ values, files }: Offer): string =>
  [...values.map(([value, help]) => (help === '' ? value : `${value}\t${help}`)), ...(files ? [':files'] : [])]
    .map(line => `${line}\n`)
    .join('')

/** The script of each shell: it calls `driftwire complete -- WORDS`, under the name by which driftwire was typed. */
export const SCRIPTS = {
  bash: `# Completion of driftwire for bash: source <(driftwire complete bash)
_driftwire() {
  local line=\${COMP_LINE:0:COMP_POINT} value help word cut=
  local -a typed
  IFS=' ' read -ra typed <<< "$line"
  [[ $line == *' ' ]] && typed+=('')
  word=\${typed[\${#typed[@]}-1]}
  # To bash a colon ends a word: only what follows the last one is put in.
  [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && cut=\${word%"\${word##*:}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r value help; do
    if [[ $value == :files ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "$word")
    else
      COMPREPLY+=("\${value#"$cut"}")
    fi
  done < <("\${typed[0]}" complete -- "\${typed[@]:1}" 2>/dev/null)
}
complete -F _driftwire driftwire
`,
  zsh: `#compdef driftwire
# Completion of driftwire for zsh: source <(driftwire complete zsh), after compinit
_driftwire() {
  local line
  local -a values
  for line in "\${(@f)$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == :files ]]; then
      _files
    elif [[ $line == *$'\\t'* ]]; then
      values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
    elif [[ -n $line ]]; then
      values+=("\${line//:/\\\\:}")
    fi
  done
  (( \${#values} )) && _describe driftwire values
}
if [[ \${funcstack[1]} == _driftwire ]]; then _driftwire "$@"; else compdef _driftwire driftwire; fi
`,
  fish: `# Completion of driftwire for fish: driftwire complete fish | source
function __driftwire_offer
    set -l typed (commandline -opc) (commandline -ct)
    for line in ($typed[1] complete -- $typed[2..-1] 2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c driftwire -f -a '(__driftwire_offer)'
`,
} as const
