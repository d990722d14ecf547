// Runs the server, and builds and restarts it whenever a source changes: npm run dev -- OPTIONS
import { spawn, spawnSync } from 'node:child_process'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const run = args => spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit'] })

// The server starts on a whole build.
spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], { stdio: 'inherit' })
const children = [
  run([
    join(root, 'node_modules', 'typescript', 'bin', 'tsc'),
    '-p',
    join(root, 'tsconfig.build.json'),
    '--watch',
    '--preserveWatchOutput',
  ]),
  run([
    join(root, 'node_modules', 'vite', 'bin', 'vite.js'),
    'build',
    '--watch',
    '--config',
    join(root, 'clients', 'dashboard', 'vite.config.mjs'),
  ]),
  run(['--watch', '--watch-preserve-output', join(root, 'server', 'cli', 'driftwire.cjs'), 'serve', ...process.argv.slice(2)]),
]
const end = signal => {
  for (const child of children) child.kill(signal)
}
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, end)
