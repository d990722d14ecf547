import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'

/** The rows of the tables under Surfaces: threat, answer, test. */
const rows = readFileSync(join(packageRoot(), 'docs', 'security.md'), 'utf8')
  .split('\n## ')
  .find(part => part.startsWith('Surfaces'))!
  .split('\n')
  .filter(line => line.startsWith('| ') && !/^\| (threat|---)/.test(line))
  .map(line =>
    line
      .slice(1, -1)
      .split('|')
      .map(cell => cell.trim()),
  )

it('docs/security.md names a test for each threat, and each of these tests exists and tests something', () => {
  expect(rows.length).toBeGreaterThan(25)
  const wrong = rows.filter(([, , cell]) => {
    const path = /^`(server\/[\w./]+\.test\.ts)`$/.exec(cell ?? '')?.[1]
    return (
      path === undefined ||
      !existsSync(join(packageRoot(), path)) ||
      !/\b(it|test)(\.\w+)*\(/.test(readFileSync(join(packageRoot(), path), 'utf8'))
    )
  })
  expect(wrong).toEqual([])
})
