// Builds dist/ of this package: for Node, for browsers, and with rxjs in it for pages that are not built; and the declarations.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '..', '..')
const dist = join(here, 'dist')
const ENTRIES = ['index', 'node']
/** Fields that are only declared are no code. */
const TRANSFORM = { typescript: { removeClassFieldsWithoutInitializer: true }, assumptions: { setPublicClassFields: true } }

const filesOf = (folder, pattern = /\.d\.ts$/) =>
  readdirSync(folder, { recursive: true })
    .filter(name => pattern.test(name))
    .map(name => join(folder, name))
const textOf = files => files.map(file => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')).join('\n')
const wordsOf = text => new Set(text.match(/[\w$]+/g))

/** Members that only this package knows, too, though their names stand elsewhere: there they are parameters, or members that it never touches. */
const MORE_INNER_NAMES = (
  'options feeds session calls running timer known waiting sent shown bound restate pastFailed report keep same show brought asked pause ' +
  'covers needs lost line states left accepted forget others emit opened changed apply busy live ready take'
).split(' ')

/**
 * Names of members that only this package knows, which a bundle may shorten: those that are no words of its declarations, of the protocol, of
 * RxJS, of `ws`, or of what the language and its hosts bring; and of private members those that stand nowhere but behind `this.`.
 */
const innerNames = () => {
  const modules = join(root, 'node_modules')
  const [own, wire] = [join(here, 'src'), join(root, 'streams', 'wire')].map(folder => textOf(filesOf(folder, /(?<!\.test)\.ts$/)))
  const known = wordsOf(
    wire +
      textOf([
        ...filesOf(dist),
        ...filesOf(join(modules, 'rxjs', 'dist', 'types')),
        ...['ws', 'node'].flatMap(name => filesOf(join(modules, '@types', name))),
        ...filesOf(join(modules, '@typescript'), /lib\.[\w.]+\.d\.ts$/),
      ]).replace(/private .*$/gm, ''),
  )
  const declared = [...own.matchAll(/private (?:readonly |async |get )*(\w+)/g)].map(([, name]) => name)
  const count = pattern => [...own.matchAll(new RegExp(pattern, 'g'))].length
  const isPrivate = name => count(`\\b${name}\\b`) === count(`(?:this\\.|private (?:readonly |async |get )*)${name}\\b`)
  return [...new Set([...MORE_INNER_NAMES, ...declared.filter(isPrivate), ...[...wordsOf(own)].filter(word => !known.has(word))])]
}

const bundle = async (input, options, output) => {
  const build = await rolldown({ cwd: here, input, tsconfig: false, logLevel: 'warn', transform: TRANSFORM, ...options })
  await build.write({
    dir: dist,
    format: 'es',
    minify: { compress: true, mangle: true, mangleProps: { include: INNER } },
    comments: false,
    ...output,
  })
  await build.close()
}

/** Where a declaration lies in dist/: what is shared with the server goes into wire/. */
const PLACES = [
  [/^clients\/driftwire-client\/src\//, ''],
  [/^streams\/wire\//, 'wire/'],
]
const placeOf = path => {
  const place = PLACES.find(([pattern]) => pattern.test(path))
  if (place === undefined) throw new Error(`${path}: found a declaration that the package has no place for`)
  return path.replace(...place)
}

/** Writes the declarations that the entries reach, with import paths that every resolver knows. */
const declare = () => {
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  const { status } = spawnSync(process.execPath, [compiler, '-p', join(here, 'tsconfig.json')], { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(1)
  const emitted = join(root, 'dist', 'client-types')
  const waiting = ENTRIES.map(entry => `clients/driftwire-client/src/${entry}.d.ts`)
  for (const path of waiting) {
    const from = placeOf(path)
    const text = readFileSync(join(emitted, path), 'utf8').replace(/(from |import\()'(\.[^']+)\.ts'/g, (_, before, name) => {
      const target = posix.join(posix.dirname(path), `${name}.d.ts`)
      if (!waiting.includes(target)) waiting.push(target)
      const to = posix.relative(posix.dirname(from), placeOf(target)).replace(/\.d\.ts$/, '.js')
      return `${before}'${to.startsWith('.') ? to : `./${to}`}'`
    })
    mkdirSync(join(dist, dirname(from)), { recursive: true })
    writeFileSync(join(dist, from), text)
  }
}

mkdirSync(dist, { recursive: true })
for (const name of readdirSync(dist)) rmSync(join(dist, name), { recursive: true })
declare()
const INNER = new RegExp(`^(${innerNames().join('|')})$`)
const external = id => !/^[./]/.test(id)
await bundle('src/index.ts', { external, platform: 'node' }, { entryFileNames: 'index.js' })
await bundle('src/node.ts', { external, platform: 'node' }, { entryFileNames: 'node.js' })
// Browsers have a WebSocket of their own.
const plugins = [{ name: 'own-socket', resolveId: id => (id === './openSocket.ts' ? join(here, 'src', 'openWebSocket.ts') : null) }]
await bundle('src/index.ts', { external: 'rxjs', plugins, platform: 'browser' }, { entryFileNames: 'web.js', codeSplitting: false })
await bundle('src/index.ts', { plugins, platform: 'browser' }, { entryFileNames: 'standalone.js', codeSplitting: false })
