import { vi } from 'vitest'
import { runTyped } from '../cli/program.ts'
import { ServerError } from '../cli/server.ts'
import { UsageError } from '../config/options.ts'

/** Types a command in this process. Returns its exit code, what it prints, and its errors, as `driftwire` would. */
export const typedHere = async (
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  columns = 80,
): Promise<[code: number, out: string, err: string]> => {
  let [out, err] = ['', '']
  const log = vi.spyOn(console, 'log').mockImplementation(text => {
    out += `${text}\n`
  })
  const error = vi.spyOn(console, 'error').mockImplementation(text => {
    err += `${text}\n`
  })
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text, ...more) => {
    out += text
    const done = more.at(-1)
    if (typeof done === 'function') done()
    return true
  })
  try {
    const code = await runTyped(words, { environment, version: '1.2.3', columns }).catch((failure: unknown) => {
      if (!(failure instanceof UsageError || failure instanceof ServerError)) throw failure
      err += `driftwire: ${failure.message}\n`
      return failure instanceof UsageError ? 2 : 1
    })
    return [code ?? 0, out, err]
  } finally {
    log.mockRestore()
    error.mockRestore()
    write.mockRestore()
  }
}
