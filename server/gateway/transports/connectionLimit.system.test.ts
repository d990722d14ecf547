import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { connectionLimitFor, openFilesLimit } from './connectionLimit.ts'

it('leaves files for the process itself, and connections for HTTP', () => {
  expect(connectionLimitFor(undefined, 20_000)).toEqual({ sockets: 19_488, connections: 19_744 })
  expect(connectionLimitFor(100, 20_000)).toEqual({ sockets: 100, connections: 356 })
})

it('goes no further than the files do, whatever is wanted', () => {
  expect(connectionLimitFor(1_000_000, 20_000)).toEqual(connectionLimitFor(undefined, 20_000))
  fc.assert(
    fc.property(fc.option(fc.integer({ min: 1, max: 1e6 }), { nil: undefined }), fc.integer({ min: 16, max: 1e6 }), (wanted, files) => {
      const { sockets, connections } = connectionLimitFor(wanted, files)
      expect(sockets).toBeGreaterThan(0)
      expect(connections).toBeGreaterThan(sockets)
      expect(connections).toBeLessThanOrEqual(files - Math.min(256, files / 4))
    }),
  )
})

it.skipIf(process.platform === 'win32')('knows the limit of open files', () => {
  const limit = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim()
  expect(openFilesLimit()).toBe(limit === 'unlimited' ? 1_000_000 : Math.min(Number(limit), 1_000_000))
})
