import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'rolldown'

const root = new URL('../../', import.meta.url)

/** A file of this folder, made into JavaScript that any supported Node runs as a process of its own. */
export interface Program {
  start(...args: string[]): ChildProcess
  remove(): Promise<void>
}

export const program = async (name: string): Promise<Program> => {
  // Within the project, so that packages are found; what is built anyway is not under version control.
  const file = fileURLToPath(new URL(`dist/test/${name}-${randomUUID()}.mjs`, root))
  await build({
    input: fileURLToPath(new URL(`${name}.ts`, import.meta.url)),
    platform: 'node',
    external: id => !/^[./]/.test(id),
    output: { file, format: 'esm', sourcemap: 'inline' },
    logLevel: 'silent',
  })
  return {
    start: (...args) => fork(file, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }),
    remove: () => rm(file, { force: true }),
  }
}

/** The next message of the process. Rejects where it ends before. */
export const message = async <T>(child: ChildProcess): Promise<T> => {
  const over = new AbortController()
  try {
    return await Promise.race([
      once(child, 'message', { signal: over.signal }).then(([value]) => value as T),
      once(child, 'exit', { signal: over.signal }).then(([code, signal]) => {
        throw new Error(`the process ended with ${code ?? signal}`)
      }),
    ])
  } finally {
    over.abort()
  }
}

/** Sends the signal and waits until the process has ended. */
export const end = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  await ended
}
