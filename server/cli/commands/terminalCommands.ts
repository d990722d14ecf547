import { type Command, command } from '../command.ts'

/** Commands that concern the terminal itself. */
export const TERMINAL_COMMANDS: readonly Command[] = [
  command({
    name: 'complete',
    group: 'Terminal',
    summary: 'print the script that teaches a shell to complete commands, options and channels',
    takes: [{ name: 'SHELL', help: 'bash, zsh or fish', choices: ['bash', 'zsh', 'fish'] }],
    more: `To have it in every shell, put a line into ~/.bashrc, ~/.zshrc or
~/.config/fish/config.fish:
  source <(driftwire complete bash)
  source <(driftwire complete zsh)
  driftwire complete fish | source`,
    run: async ({ words }) => {
      const { SCRIPTS } = await import('../completion.ts')
      process.stdout.write(SCRIPTS[words[0] as keyof typeof SCRIPTS])
      return undefined
    },
  }),
]
