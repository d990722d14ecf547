import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { publint } from 'publint'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot } from '../lib/packageRoot.ts'
import { ClientProject, PACKAGE, run } from './clientProject.ts'
import { ProtocolServer } from './protocolKit.ts'

/** The client package as its users have it: packed, installed into a project of its own, run and compiled there. */

const root = packageRoot()
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')

let server: ProtocolServer
let project: ClientProject
beforeAll(async () => {
  project = new ClientProject()
  server = await ProtocolServer.start({ funds: [{ id: 'TOP10', weighting: { scheme: 'units', units: { BTC: '1' } } }], feeds: ['sim:7'] })
}, 120_000)
afterAll(async () => {
  await server.stop()
  project.remove()
})

const README = readFileSync(join(PACKAGE, 'README.md'), 'utf8')
const [FIVE_LINES] = [...README.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, text]) => text!)

describe('the package', () => {
  it('has nothing in it but what it is made of, and the client is under 8 KB', () => {
    const files = run('tar', ['-tzf', project.tarball], root).trim().split('\n')
    expect(files.filter(name => !/^package\/(package\.json|README\.md|LICENSE|dist\/(wire\/)?\w+\.(d\.ts|js))$/.test(name))).toEqual([])
    for (const bundle of ['index.js', 'web.js'])
      expect(
        gzipSync(readFileSync(join(project.folder, 'node_modules', 'driftwire-client', 'dist', bundle)), { level: 9 }).length,
      ).toBeLessThan(8_192)
  })

  it('is well-formed, by publint', async () => {
    const { buffer, byteOffset, length } = readFileSync(project.tarball)
    const { messages } = await publint({ pack: { tarball: buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer }, strict: true })
    expect(messages).toEqual([])
  })

  it('has types for every way to resolve it, by arethetypeswrong', async () => {
    const result = await checkPackage(createPackageFromTarballData(readFileSync(project.tarball)))
    const problems = 'problems' in result ? result.problems : ['no types']
    // It is a module only: CommonJS and Node 10 never had a way to it.
    const others = problems.filter(
      problem => !(typeof problem === 'object' && 'resolutionKind' in problem && /^node(10|16-cjs)$/.test(problem.resolutionKind)),
    )
    expect(others).toEqual([])
  })
})

describe('in a fresh project', () => {
  it('the lines of README.md print the fund as it moves, in JavaScript', async () => {
    project.file('watch.js', FIVE_LINES!.replaceAll('127.0.0.1:8080', `127.0.0.1:${server.port}`))
    expect((await project.lines('watch.js', 1))[0]).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z (\d+(\.\d+)?|undefined)$/)
  })

  const OPTIONS = {
    strict: true,
    noEmit: true,
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    skipLibCheck: false,
    types: [],
    exactOptionalPropertyTypes: true,
  }
  it.each([
    ['NodeNext', { module: 'NodeNext', moduleResolution: 'NodeNext' }],
    ['a bundler', { module: 'ESNext', moduleResolution: 'bundler' }],
  ])('types are known to %s, and a figure that does not exist does not compile', (_, options) => {
    project.file('lines.ts', FIVE_LINES!)
    project.file(
      'types.ts',
      `import { connect, type FundState, RequestError, type Shown } from 'driftwire-client'
import { firstValueFrom, map } from 'rxjs'
const wire = connect('ws://127.0.0.1:1/ws')
const nav: number | undefined = (await firstValueFrom(wire.channel('fund:TOP10'))).state.nav
const shown: Shown<FundState> = await firstValueFrom(wire.channel('fund:TOP10'))
wire.channel('tick:BTC-USD').pipe(map(({ state }) => state.day?.vwap)).subscribe((vwap: number | undefined) => vwap)
wire.channel('candle:1m:BTC-USD').subscribe(({ state }) => state.prev?.c)
const anything: string = 'fund' + ':X'
wire.channel(anything).subscribe(({ state }) => state['nav'])
const quote = await wire.request('quote', { side: 'create', fund: 'TOP10', amount: '100' })
const legs: readonly { asset: string }[] = quote.legs
const later: unknown = await wire.request('a-later-method', { x: 1 })
const code: string = new RequestError('timeout', '', true).code
// @ts-expect-error
wire.channel('fund:TOP10').subscribe(({ state }) => state.navv)
// @ts-expect-error
wire.channel('pnl:main').subscribe(({ state }) => state.nav)
// @ts-expect-error
wire.channel('fund:TOP10').subscribe(({ state }) => { state.nav = 1 })
// @ts-expect-error
wire.request('quote', { side: 'create', fond: 'TOP10', amount: '100' })
// @ts-expect-error
wire.channel('fund:TOP10', { maxRat: 1 })
export { anything, code, later, legs, nav, quote, shown, wire }
`,
    )
    project.file('tsconfig.json', JSON.stringify({ compilerOptions: { ...OPTIONS, ...options }, files: ['lines.ts', 'types.ts'] }))
    expect(run(process.execPath, [compiler, '-p', project.folder], root)).toBe('')
  })

  it('a module without a build step, with RxJS in it, runs as it is', async () => {
    const module = join(project.folder, 'node_modules', 'driftwire-client', 'dist', 'standalone.js')
    const text = readFileSync(module, 'utf8')
    expect(text).not.toMatch(/\bimport\s*[({"'`]|\bfrom\s*["'`]/)
    const { connect } = (await import(module)) as typeof import('../../clients/driftwire-client/src/index.ts')
    const { WebSocket } = await import('ws')
    const wire = connect(`ws://127.0.0.1:${server.port}/ws`, { socket: url => new WebSocket(url) as never })
    for await (const { state } of wire.channel('fund:TOP10')) {
      expect(state).toBeTypeOf('object')
      break
    }
    wire.close()
  })

  it('is a part of driftwire, too', async () => {
    const script = `import('driftwire/client').then(({ connect }) => console.log(typeof connect))`
    expect(run(process.execPath, ['-e', script], root)).toBe('function\n')
  })
})
