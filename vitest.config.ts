import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['{streams,server,clients,bench}/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // One core is left idle otherwise: much of a test is waiting for a database or a process.
    maxWorkers: '100%',
  },
})
