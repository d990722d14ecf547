import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const here = dirname(fileURLToPath(import.meta.url))

/** Pages that are not built import the client from the server: `/client.js`. */
const client = {
  name: 'client',
  generateBundle() {
    const source = readFileSync(join(here, '..', 'driftwire-client', 'dist', 'standalone.js'))
    this.emitFile({ type: 'asset', fileName: 'client.js', source })
  },
}

/** Pages of others show one live figure by a module of its own, which imports the client: `/embed/number.js`. */
const number = {
  name: 'number',
  async generateBundle() {
    const build = await rolldown({ input: join(here, 'src', 'embed', 'number.ts'), platform: 'browser', tsconfig: false })
    const { output } = await build.generate({ format: 'es', minify: true })
    await build.close()
    this.emitFile({ type: 'asset', fileName: 'embed/number.js', source: output[0].code })
  },
}

/** How the dashboard becomes dist/dashboard. */
export default {
  root: here,
  base: '/',
  logLevel: 'warn',
  plugins: [client, number],
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: join(here, '..', '..', 'dist', 'dashboard'),
    emptyOutDir: true,
    target: 'es2022',
    // Nothing is inlined: the content security policy allows the server's own files only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
}
