// Builds dist/ if a source is newer than the last build. `npm ci`, `npm start` and `npm test` run it; it costs next to nothing if all is built.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const bundler = join(root, 'node_modules', 'vite', 'bin', 'vite.js')
const dashboard = join(root, 'clients', 'dashboard', 'vite.config.mjs')
const client = join(root, 'clients', 'driftwire-client')
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
const stamp = join(root, 'dist', '.built')
const SOURCES = ['streams', 'server', 'clients', 'bench', 'deploy', 'tsconfig.json', 'tsconfig.build.json', 'package-lock.json']

/** Returns whether `path`, or a source below it, changed after `time`. A folder changes when a file comes, goes or moves. */
const changedSince = (path, time) => {
  const stats = statSync(path)
  if (stats.mtimeMs > time) return true
  if (!stats.isDirectory()) return false
  return readdirSync(path, { withFileTypes: true }).some(
    entry =>
      entry.name !== 'dist' &&
      (entry.isDirectory() || /(?<!\.test)\.(tsx?|mjs|css|html|svg)$/.test(entry.name)) &&
      changedSince(join(path, entry.name), time),
  )
}

const run = (...args) => spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status === 0

/** Compiles all, bundles client package and dashboard, and dates the build to its beginning: a source that changes meanwhile is newer. */
const build = () => {
  mkdirSync(join(client, 'dist'), { recursive: true })
  const began = new Date()
  const done = run(compiler, '-p', 'tsconfig.build.json') && run(join(client, 'build.mjs')) && run(bundler, 'build', '--config', dashboard)
  if (!done) return false
  writeFileSync(stamp, '')
  utimesSync(stamp, began, began)
  return true
}

const builtAt = existsSync(stamp) ? statSync(stamp).mtimeMs : Number.NEGATIVE_INFINITY
if (SOURCES.some(source => changedSince(join(root, source), builtAt))) {
  // An installation without development dependencies runs the build that it was given.
  if (!existsSync(compiler)) console.error('driftwire: not built, because the compiler is a development dependency: npm ci')
  else if (!build()) process.exitCode = 1
}
