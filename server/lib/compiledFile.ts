import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { packageRoot } from './packageRoot.ts'

/** Returns the path of a compiled file beside the module `from` (its URL), also if that module runs from its source: threads and processes do not. */
export const compiledFile = (name: string, from: string): string => {
  const here = fileURLToPath(new URL(name, from))
  return here.includes('/dist/') ? here : join(packageRoot(), 'dist', relative(packageRoot(), here))
}
