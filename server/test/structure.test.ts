import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'

/** Holds the layout of docs/architecture.md to its word, as far as a linter cannot. It reads the sources, and runs nothing. */

interface Source {
  readonly path: string
  readonly text: string
  /** The files that it imports, and the names it imports of them. */
  readonly imports: readonly { readonly path: string; readonly names: readonly string[] }[]
}

const IMPORT_ALONE = /(?:^|\n)import '(\.[^']+)'/g
const IMPORT = /(?:^|\n)(?:import|export)\s+(?:type\s+)?(\{[^}]*\}|\*[^']*?|[\w$]+(?:\s*,\s*\{[^}]*\})?)\s*from\s*'(\.[^']+)'/g
const DYNAMIC = /(?:const (\{[^}]*\}) = await |typeof )?import\('(\.[^']+)'\)(?:\.([A-Za-z]\w*))?/g

const namesIn = (clause: string): string[] => [...clause.matchAll(/(?<!\bas )\b(?!type\b|as\b)([\w$]+)/g)].map(([, name]) => name!)

const importsOf = (path: string, text: string): Source['imports'] => {
  const at = (to: string): string => join(dirname(path), to)
  return [
    ...[...text.matchAll(IMPORT_ALONE)].map(([, to]) => ({ path: at(to!), names: [] })),
    ...[...text.matchAll(IMPORT)].map(([, clause, to]) => ({ path: at(to!), names: clause!.startsWith('*') ? ['*'] : namesIn(clause!) })),
    ...[...text.matchAll(DYNAMIC)].map(([, names, to, name]) => ({ path: at(to!), names: names ? namesIn(names) : [name ?? '*'] })),
  ]
}

const root = packageRoot()
const all: readonly Source[] = ['streams', 'server', 'clients', 'bench'].flatMap(folder =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter(file => /\.tsx?$/.test(file) && !file.includes('dist/'))
    .map(file => join(folder, file))
    .map(path => {
      const text = readFileSync(join(root, path), 'utf8')
      return { path, text, imports: importsOf(path, text) }
    }),
)
/** What runs in the server. */
const sources = all.filter(({ path }) => /^(streams|server)\//.test(path) && !/\.test\.ts$|\/test\//.test(path))
/** Without comments and texts. */
const codeOf = ({ text }: Source): string => text.replace(/\/\*[\s\S]*?\*\/|(?<!:)\/\/.*|'(?:[^'\\\n]|\\.)*'/g, '')

/** The rooms, from the top down: each imports only itself and what stands in a line below. */
const LAYERS: readonly (readonly string[])[] = [
  ['server/cli'],
  ['server'],
  ['server/compose'],
  ['server/gateway', 'server/gateway/http', 'server/gateway/rpc'],
  ['server/gateway/api', 'server/telemetry'],
  ['server/gateway/hub'],
  ['server/gateway/transports'],
  ['server/bus', 'server/nodes'],
  ['server/contracts'],
  ['server/core', 'server/pnl', 'server/dex', 'server/backtest', 'server/backup', 'server/analytics', 'server/alerts'],
  ['server/storage/write', 'server/coingecko'],
  ['server/storage/read', 'server/clearing', 'server/exchange', 'server/feeds'],
  ['server/storage/engine', 'server/journal'],
  ['server/identity', 'server/redis'],
  ['server/config'],
  ['server/transactions'],
  ['server/lib'],
  ['clients/driftwire-client', 'clients/conformance'],
  ['streams'],
  ['streams/explain'],
  ['streams/channels'],
  ['streams/ledger'],
  ['streams/fund', 'streams/pnl', 'streams/pools'],
  ['streams/market', 'streams/measures', 'streams/analytics', 'streams/alerts', 'streams/contracts'],
  ['streams/wire'],
  ['streams/lib'],
]
const layerOf = new Map(LAYERS.flatMap((rooms, layer) => rooms.map(room => [room, layer] as const)))

/** The innermost room that a file stands in. A folder without a line of its own belongs to the one around it. */
const roomOf = (path: string): string => {
  let folder = dirname(path)
  while (!layerOf.has(folder)) {
    if (folder === '.') throw new Error(`${path}: found no room, expected a line for its folder in LAYERS`)
    folder = dirname(folder)
  }
  return folder
}

/** A gateway has what it was sent, and nothing that only a core has. */
const CORE_ONLY = /^(server\/(core|feeds|journal)\/|server\/clearing\/(?!port\.ts|gatewayPort\.ts)|streams\/(view|pipeline)\.ts)/

const mayImport = (from: string, to: string): boolean => {
  const [a, b] = [roomOf(from), roomOf(to)]
  if (a.startsWith('server/gateway/') && CORE_ONLY.test(to)) return false
  // Of the server only its commands are clients.
  if (b.startsWith('clients/') && a !== 'server/cli') return false
  return a === b || layerOf.get(a)! < layerOf.get(b)!
}

/** The arrows that run the wrong way, each with its reason. A test fails until a line that is not needed any more is deleted. */
const WRONG_WAY: Readonly<Record<string, string>> = {
  'streams/fund/orderSize.ts -> streams/ledger/rebalanceEntry.ts': "a planner reads the ledger's state of a rebalance, by its type",
  'streams/fund/orderSize.ts -> streams/ledger/rebalanceState.ts': "a planner reads the ledger's state of a rebalance, by its type",
  'streams/fund/rebalancePlanner.ts -> streams/ledger/rebalanceState.ts': "a planner reads the ledger's state of a rebalance, by its type",
}

describe('the rooms', () => {
  it('import what stands below them', () => {
    const wrong = sources.flatMap(({ path, imports }) =>
      imports.filter(imported => !mayImport(path, imported.path)).map(imported => `${path} -> ${imported.path}`),
    )
    expect([...new Set(wrong)].sort()).toEqual(Object.keys(WRONG_WAY).sort())
  })

  it('streams/ has no clock and no randomness', () => {
    const impure = sources.filter(
      source => source.path.startsWith('streams/') && /\bDate\.now\b|\bMath\.random\b|\bnew Date\(\)/.test(codeOf(source)),
    )
    expect(impure.map(({ path }) => path)).toEqual([])
  })
})

/** The entries of the client package: others import them. */
const ENTRIES = /^clients\/driftwire-client\/src\/(index|node)\.ts$/

const EXPORT = /(?<=^|\n)(.*\n)?export (?:declare )?(?:abstract )?(?:async )?(const|function\*?|class|interface|type) ([\w$]+)/g
const exportsOf = ({ text }: Source): { name: string; before: string; type: boolean }[] =>
  [...text.matchAll(EXPORT)].map(([, before = '', kind, name]) => ({ name: name!, before, type: kind === 'interface' || kind === 'type' }))

describe('an exported declaration', () => {
  it('has a doc comment', () => {
    const silent = sources.flatMap(source =>
      exportsOf(source)
        .filter(({ before }) => !before.trimEnd().endsWith('*/'))
        .map(({ name }) => `${source.path} ${name}`),
    )
    expect(silent).toEqual([])
  })

  it('is imported somewhere, or is a type that its own file uses', () => {
    const used = new Set(all.flatMap(({ imports }) => imports.flatMap(({ path, names }) => names.map(name => `${path} ${name}`))))
    const dead = all
      .filter(({ path }) => !path.startsWith('bench/') && !ENTRIES.test(path) && !used.has(`${path} *`))
      .flatMap(source =>
        exportsOf(source)
          .filter(
            ({ name, type }) => !used.has(`${source.path} ${name}`) && !(type && source.text.split(new RegExp(`\\b${name}\\b`)).length > 2),
          )
          .map(({ name }) => `${source.path} ${name}`),
      )
    expect(dead).toEqual([])
  })
})

it('a line of level error has an event of `server/lib/errorEvents.ts`: it is written by logError', () => {
  const unnamed = sources.filter(({ path, text }) => /[lL]og\.(error|fatal)\(/.test(text) && path !== 'server/lib/errorEvents.ts')
  expect(unnamed.map(({ path }) => path)).toEqual([])
})

it('a test that is skipped says why, in a comment on its line or the line before', () => {
  const skipped = all.flatMap(({ path, text }) => {
    const lines = text.split('\n')
    return lines
      .filter((line, i) => /\b(describe|it|test)\.(skip|todo)\b/.test(line) && !`${lines[i - 1]}${line}`.includes('//'))
      .map(line => `${path}: ${line.trim()}`)
  })
  expect(skipped).toEqual([])
})
