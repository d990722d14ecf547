import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { EXIT_CODES } from './command.ts'
import { COMMANDS } from './commands.ts'

const page = readFileSync(join(packageRoot(), 'docs', 'command-line.md'), 'utf8')
/** The text of a command by its heading, `### \`pnl PORTFOLIO\``. */
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map(part => [/^`([^`]+)`/.exec(part)![1]!, part.slice(part.indexOf('\n')).split(/^## /m)[0]!.replace(/\s+/g, ' ')] as const),
)

describe('docs/command-line.md', () => {
  it('has a heading for each command with its arguments, and no other', () => {
    const typed = COMMANDS.map(({ name, takes = [] }) =>
      [
        name,
        ...takes.map(
          argument => `${argument.optional ? '[' : ''}${argument.name}${argument.many ? '…' : ''}${argument.optional ? ']' : ''}`,
        ),
      ].join(' '),
    )
    expect([...sections.keys()].sort()).toEqual(typed.sort())
  })

  it.each(COMMANDS.filter(({ name }) => name !== 'serve').map(command => [command.name, command] as const))(
    'names every option of %s, and no other',
    (name, { options = {} }) => {
      const [, text = ''] = [...sections].find(
        ([heading]) => heading === name || (heading.startsWith(`${name} `) && /^ [A-Z[]/.test(heading.slice(name.length))),
      )!
      const named = new Set([...text.matchAll(/`--([a-z-]+)/g)].map(([, option]) => option))
      expect([...named].sort()).toEqual(Object.keys(options).sort())
    },
  )

  it('has the exit codes', () => {
    for (const [code, meaning] of Object.entries(EXIT_CODES)) expect(page).toContain(`| ${code} | ${meaning} |`)
  })
})
