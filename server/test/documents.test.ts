import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'

const root = packageRoot()
const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'bench/RESULTS.md'].concat(
  readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.md'))
    .map(file => join('docs', file)),
)

/** A page without its blocks of code, which may hold anything. */
const proseOf = (page: string): string => readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '')

/** The anchors that a page's headings make, as GitHub does. */
const anchorsOf = (page: string): string[] =>
  [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

describe.each(pages)('%s', page => {
  it('links to files and headings that there are', () => {
    const broken = [...proseOf(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)].filter(([, path, anchor]) => {
      const target = path === '' ? page : relative(root, join(root, dirname(page), path!))
      return (
        !existsSync(join(root, target)) ||
        (anchor !== undefined && statSync(join(root, target)).isFile() && !anchorsOf(target).includes(anchor))
      )
    })
    expect(broken.map(([link]) => link)).toEqual([])
  })

  it('names files that there are', () => {
    const named = [...proseOf(page).matchAll(/`((?:streams|server|clients|bench|docs)\/[\w./-]*)`/g)].map(([, path]) => path!)
    expect(named.filter(path => !/NAME|NNNN/.test(path) && !existsSync(join(root, path)))).toEqual([])
  })
})

it('docs/operations.md quotes log lines that are written', () => {
  const sources = readdirSync(join(root, 'server'), { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.ts') && !/(\.test\.ts$|^test\/)/.test(file))
    .map(file => readFileSync(join(root, 'server', file), 'utf8'))
    .join('\n')
  const section = proseOf('docs/operations.md')
    .split('\n## ')
    .find(part => part.startsWith('Log lines'))!
  const quoted = section
    .split('\n')
    .filter(line => line.startsWith('| '))
    .flatMap(line => [...line.split('|')[1]!.matchAll(/`([^`]+)`/g)].map(([, text]) => text!))
  expect(quoted.length).toBeGreaterThan(10)
  expect(quoted.filter(text => text !== 'msg' && !sources.includes(text))).toEqual([])
})
