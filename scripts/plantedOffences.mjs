// Plants offences in a copy of the sources, one by one, and prints the line of the check that catches each. Ends with 1 if one goes unnoticed.
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const copy = mkdtempSync(join(tmpdir(), 'planted-'))

/** The checks of `npm run check`. */
const CHECKS = {
  tsc: ['typescript/bin/tsc', '-p', 'tsconfig.json', '--pretty', 'false'],
  biome: ['@biomejs/biome/bin/biome', 'lint', '--colors=off', '.'],
  structure: ['vitest/vitest.mjs', 'run', '--no-color', 'server/test/structure.test.ts'],
}

/** Returns an edit that writes a new file. */
const file = (path, text) => ({ path, edit: () => text })
/** Returns an edit that puts a text in the place of another. */
const replaced = (path, before, after) => ({
  path,
  edit: text => {
    if (!text.includes(before)) throw new Error(`${path}: found no "${before}", expected it where the offence is planted`)
    return text.replace(before, after)
  },
})
const lines = n => Array.from({ length: n }, (_, i) => `  console.log(${i})\n`).join('')

/** Each offence: its edits, the check that must catch it, and what that check says. */
const OFFENCES = [
  {
    what: 'streams/ imports a package that writes',
    edits: [file('streams/lib/planted.ts', `import { pino } from 'pino'\n\n/** A log. */\nexport const log = pino()\n`)],
    by: 'biome',
    says: /streams\/ is pure: it imports/,
  },
  {
    what: 'streams/ asks for the time',
    edits: [replaced('streams/market/feedHealth.ts', '\n/**', '\nconst planted = Date.now()\nvoid planted\n\n/**')],
    by: 'structure',
    says: /streams\/market\/feedHealth\.ts/,
  },
  {
    what: 'the hub imports what speaks HTTP',
    edits: [replaced('server/gateway/hub/session.ts', 'import', `import '../http/body.ts'\nimport`)],
    by: 'structure',
    says: /server\/gateway\/hub\/session\.ts -> server\/gateway\/http\/body\.ts/,
  },
  {
    what: 'two files need a type of each other',
    edits: [
      file('streams/lib/planted.ts', `import type { B } from './planting.ts'\n\n/** One. */\nexport type A = B | 1\n`),
      file('streams/lib/planting.ts', `import type { A } from './planted.ts'\n\n/** The other. */\nexport type B = readonly A[]\n`),
    ],
    by: 'biome',
    says: /This import is part of a cycle/,
  },
  {
    what: 'a kind of channel that names no readers, and that nothing opens',
    edits: [
      replaced(
        'streams/wire/channels.ts',
        'export const CHANNELS = {',
        `export const CHANNELS = {\n  planted: { id: 'name', past: false },`,
      ),
    ],
    by: 'tsc',
    says: /planted/,
  },
  {
    what: 'a method without a handler',
    edits: [replaced('streams/wire/requests.ts', 'export const METHODS = {', 'export const METHODS = {\n  planted: z.strictObject({}),')],
    by: 'tsc',
    says: /Property 'planted' is missing/,
  },
  {
    what: 'a kind of journal entry that nobody handles',
    edits: [
      replaced('streams/ledger/entry.ts', 'export type EntryContent =', `export type EntryContent =\n  | { readonly kind: 'planted' }`),
    ],
    by: 'tsc',
    says: /planted/,
  },
  {
    what: 'an export that nobody imports',
    edits: [file('server/lib/planted.ts', '/** Nothing. */\nexport const planted = 1\n')],
    by: 'structure',
    says: /server\/lib\/planted\.ts planted/,
  },
  {
    what: 'a function of a hundred lines',
    edits: [file('server/lib/planted.ts', `/** Counts. */\nexport const planted = (): void => {\n${lines(98)}}\n`)],
    by: 'biome',
    says: /This function has too many lines/,
  },
  {
    what: 'what runs imports a test kit',
    edits: [file('server/lib/planted.ts', `import { silent } from '../test/storageKit.ts'\n\n/** A log. */\nexport const log = silent\n`)],
    by: 'biome',
    says: /What runs needs no test kit/,
  },
]

// Colours would hide what a line says.
const env = { PATH: process.env.PATH, NO_COLOR: '1', FORCE_COLOR: '0' }
const WIDTH = 160

const read = path => {
  try {
    return readFileSync(join(copy, path), 'utf8')
  } catch {
    return undefined
  }
}

/** Returns the line by which the offence's check reports it; undefined if the check passes, or fails for something else. */
const caughtBy = ({ edits, by, says }) => {
  const before = edits.map(({ path }) => [path, read(path)])
  for (const { path, edit } of edits) writeFileSync(join(copy, path), edit(read(path)))
  const [bin, ...args] = CHECKS[by]
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, 'node_modules', bin), ...args], {
    cwd: copy,
    encoding: 'utf8',
    env,
  })
  for (const [path, text] of before) text === undefined ? rmSync(join(copy, path)) : writeFileSync(join(copy, path), text)
  return status === 0 ? undefined : `${stdout}\n${stderr}`.split('\n').find(line => says.test(line))
}

try {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard'], { cwd: root, encoding: 'utf8' }).trim().split('\n')
  for (const file of files) if (existsSync(join(root, file))) cpSync(join(root, file), join(copy, file))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  for (const offence of OFFENCES) {
    const line = caughtBy(offence)
    if (line === undefined) process.exitCode = 1
    console.log(
      `${offence.what}\n  ${line === undefined ? `NOT CAUGHT by ${offence.by}` : `${offence.by}: ${line.trim().slice(0, WIDTH)}`}`,
    )
  }
} finally {
  rmSync(copy, { recursive: true, force: true })
}
