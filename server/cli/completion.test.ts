import { describe, expect, it } from 'vitest'
import { COMMANDS } from './commands.ts'
import { type Names, offerFor, offerText } from './completion.ts'

const CHANNELS = ['fund:TOP10', 'fund:SMALL', 'tick:BTC-USD', 'status']
const names: Names = async what =>
  ({ channels: CHANNELS, pastChannels: CHANNELS.slice(0, 3), funds: ['TOP10', 'SMALL'], portfolios: ['main', 'savings'] })[what]
const offered = async (...words: string[]): Promise<string[]> => {
  const { values, files } = await offerFor(words, COMMANDS, names)
  return [...values.map(([value]) => value), ...(files ? [':files'] : [])]
}

describe('a shell is offered', () => {
  it('the words with which commands begin, and those behind the first', async () => {
    const first = new Set(COMMANDS.map(({ name }) => name.split(' ')[0]!))
    expect((await offered('')).sort()).toEqual([...first, 'help'].sort())
    expect(await offered('ser')).toEqual(['serve'])
    expect(await offered('import', 'p')).toEqual(['prices'])
    expect(await offered('help', 'import', '')).toContain('coingecko')
    expect(await offered('nothing', '')).toEqual([])
  })

  it('options that are not given yet, but those again that may be repeated', async () => {
    expect(await offered('pnl', 'main', '--')).toEqual(['--from', '--to', '--csv', '--json', '--url', '--token', '--help'])
    expect(await offered('pnl', 'main', '--csv', '--from', '2024-08-08', '--')).toEqual(['--to', '--json', '--url', '--token', '--help'])
    expect(await offered('backtest', 'x.json', '--feed', 'replay:x', '--fe')).toEqual(['--feed'])
  })

  it('values: of choices, names of the server, files, or nothing', async () => {
    expect(await offered('serve', '--log-level', 'w')).toEqual(['warn'])
    expect(await offered('import', 'transactions', '--portfolio', '')).toEqual(['main', 'savings'])
    expect(await offered('import', 'prices', '--config', '')).toEqual([':files'])
    expect(await offered('pnl', 'main', '--from', '')).toEqual([])
  })

  it('arguments by their place: each one that a command takes, and all that are left of the last', async () => {
    expect(await offered('pnl', '--csv', 's')).toEqual(['savings'])
    expect(await offered('pnl', '--from', '1', '')).toEqual(['main', 'savings'])
    expect(await offered('pnl', 'main', '')).toEqual([])
    expect(await offered('import', 'prices', 'a.csv', 'b.csv', '')).toEqual([':files'])
    expect(await offered('complete', '')).toEqual(['bash', 'zsh', 'fish'])
  })

  it('lines of value and help', async () => {
    expect(offerText(await offerFor(['sche'], COMMANDS, names))).toBe('schema\tprint the JSON Schema of the configuration\n')
    expect(offerText({ values: [['fund:TOP10', '']], files: true })).toBe('fund:TOP10\n:files\n')
  })
})
