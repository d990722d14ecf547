import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { UsageError } from '../config/options.ts'
import { enterClients, readClients } from './clientsFile.ts'
import { openThreadPort } from './threadPort.ts'

const dir = mkdtempSync(join(tmpdir(), 'driftwire-clients-'))
afterAll(() => rmSync(dir, { recursive: true }))

const HASH = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g'
const read = (content: string) => {
  const path = join(dir, 'clients.json')
  writeFileSync(path, content)
  return readClients(path, 'config.json: clients')
}
const written = (...clients: object[]): string => JSON.stringify({ clients })
const ann = { username: 'ann', passwordHash: HASH, assets: { A: '10', 'U.S-D_1': '0.000000000000000001' } }

describe('a file of clients', () => {
  it('names each, with the hash of a password, and what they bring', async () => {
    expect(await read(written(ann, { username: 'bob', passwordHash: HASH }))).toEqual([
      ann,
      { username: 'bob', passwordHash: HASH, assets: {} },
    ])
    expect(await read('{"clients":[]}')).toEqual([])
  })

  it.each<[string, string, RegExp]>([
    ['no JSON', '{', /no JSON/],
    ['another list', '[]', /found an array, expected object/],
    ['no name', written({ passwordHash: HASH }), /clients\.0\.username: found nothing/],
    ['a name that is none', written(ann, { ...ann, username: 'a b' }), /clients\.1\.username: found "a b", expected a name/],
    ['a name that acts in the journal unregistered', written({ ...ann, username: 'admin' }), /clients\.0\.username: found "admin"/],
    ['the sponsor', written({ ...ann, username: 'sponsor' }), /clients\.0\.username: found "sponsor"/],
    ['the system', written({ ...ann, username: 'system' }), /clients\.0\.username: found "system"/],
    ['an amount as a number', written({ ...ann, assets: { A: 1 } }), /clients\.0\.assets\.A: found 1, expected string/],
    [
      'an amount of nothing',
      written({ ...ann, assets: { A: '0' } }),
      /clients\.0\.assets\.A: found "0", expected a decimal string above zero/,
    ],
    ['a debt', written({ ...ann, assets: { A: '-1' } }), /clients\.0\.assets\.A: found "-1"/],
    ['an unknown member', written({ ...ann, shares: {} }), /clients\.0: found "shares", which is not known here/],
  ])('with %s is refused with where and what', async (_, content, text) => {
    const error = await read(content).catch(e => e)
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toMatch(/^config\.json: clients: /)
    expect(error.message).toMatch(text)
  })

  it.each<[string, unknown]>([
    ['the password itself', 'hunter2", expected'],
    ['another kind of hash', '$2b$10$hunter2'],
    ['a very long one', `$argon2i$${'hunter2'.repeat(30)}`],
    ['a number', 7_777_777],
    ['none', undefined],
  ])('with %s in place of a hash is refused, but never with what was found', async (_, passwordHash) => {
    const error = await read(written({ ...ann, passwordHash })).catch(e => e)
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message).toContain('clients.0.passwordHash: found ')
    expect(error.message).not.toMatch(/hunter2|7777777|\$2b/)
  })

  it('that is not there is named', async () => {
    await expect(readClients(join(dir, 'none.json'), 'config.json: clients')).rejects.toThrow(
      /^config\.json: clients: .*none\.json.*ENOENT/,
    )
  })
})

describe('clients of a file', () => {
  it('are entered once, with what they bring once, whatever the file says at a later start', async () => {
    const lines: string[] = []
    const log = pino({ level: 'warn' }, { write: line => void lines.push(line) })
    const options = { file: join(dir, 'journal.db'), repair: false }
    let clearing = await openThreadPort(options)
    await enterClients(clearing, await read(written(ann)), 1, log)
    expect(await clearing.ask('hashOf', { user: 'ann' })).toBe(HASH)
    expect((await clearing.ask('holdings', { who: 'ann' })).assets).toEqual(ann.assets)
    const { entries } = clearing.stats()
    expect(entries).toBe(3)
    await enterClients(clearing, await read(written(ann)), 2, log)
    await clearing.close()

    clearing = await openThreadPort(options)
    await enterClients(clearing, await read(written({ ...ann, passwordHash: `${HASH}x` })), 3, log)
    expect([clearing.stats().entries, await clearing.ask('hashOf', { user: 'ann' }), lines]).toEqual([3, HASH, []])
    await enterClients(clearing, await read(written({ ...ann, assets: { A: '11', B: '1' } })), 4, log)
    expect((await clearing.ask('holdings', { who: 'ann' })).assets).toEqual({ ...ann.assets, B: '1' })
    expect(lines.map(line => JSON.parse(line))).toMatchObject([{ client: 'ann', asset: 'A', why: 'key_reused_differently' }])
    expect(lines.join()).not.toContain('argon2')
    await clearing.close()
  })
})
