import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

/** Tests that need a process, a thread, an engine, a socket or a module of their own; the test of the structure only reads the sources. */
const system = ['**/*.system.test.ts', 'server/test/**/!(structure).test.ts']

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    setupFiles: ['server/test/seed.ts'],
    // One more than the cores: much of a test is waiting for a database or a process.
    maxWorkers: availableParallelism() + 1,
    projects: [
      // Files of one worker share its modules: importing them anew for each costs as much as all tests.
      { extends: true, test: { name: 'unit', isolate: false, include: ['{streams,server,clients,bench}/**/*.test.ts'], exclude: system } },
      { extends: true, test: { name: 'system', include: system } },
    ],
  },
})
