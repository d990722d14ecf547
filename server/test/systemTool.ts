import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

const canRun = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where a program of the system is; undefined where it is not. `.ci/run` installs those that tests need. */
export const systemTool = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].map(folder => join(folder, name)).find(canRun)

/** Runs a program to its end: its exit code, and all that it said. */
export const runTool = (
  path: string,
  args: readonly string[],
  options: { input?: string; cwd?: string } = {},
): [code: number | null, said: string] => {
  const { status, stdout, stderr } = spawnSync(path, args, { encoding: 'utf8', ...options })
  return [status, `${stdout}${stderr}`.trim()]
}
