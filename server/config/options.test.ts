import { describe, expect, it } from 'vitest'
import { environmentName, OPTIONS, type OptionName, optionsHelp, readOptions, UsageError } from './options.ts'

const NAMES = Object.keys(OPTIONS) as OptionName[]

/** A value for each option, as it is written and as it is read. */
const given = (name: OptionName): [args: string[], text: string, value: unknown] => {
  switch (OPTIONS[name].kind) {
    case 'flag':
      return [[`--${name}`], 'true', true]
    case 'list':
      return [[`--${name}`, 'one', `--${name}`, 'two'], 'one;two', ['one', 'two']]
    default:
      return [[`--${name}`, 'something'], 'something', 'something']
  }
}

describe('an option', () => {
  it('is one of those that are promised', () => {
    expect(NAMES).toEqual(
      expect.arrayContaining([
        ...[
          'config',
          'host',
          'port',
          'data',
          'clickhouse',
          'redis',
          'role',
          'feed',
          'speed',
          'wait-clients',
          'record-frames',
          'exit-at-end',
        ],
        'behind-tls',
      ]),
    )
  })

  it.each(NAMES)('--%s is read from the command line and from the environment alike, and the command line wins', name => {
    const [args, text, value] = given(name)
    expect(readOptions(args, {})).toEqual({ [name]: value })
    expect(readOptions([], { [environmentName(name)]: text })).toEqual({ [name]: value })
    const other = OPTIONS[name].kind === 'flag' ? 'false' : 'other'
    expect(readOptions(args, { [environmentName(name)]: other })).toEqual({ [name]: value })
  })

  it.each<[name: OptionName, variable: string]>([
    ['port', 'DRIFTWIRE_PORT'],
    ['wait-clients', 'DRIFTWIRE_WAIT_CLIENTS'],
    ['record-frames', 'DRIFTWIRE_RECORD_FRAMES'],
    ['exit-at-end', 'DRIFTWIRE_EXIT_AT_END'],
  ])('--%s is %s in the environment', (name, variable) => {
    expect(environmentName(name)).toBe(variable)
  })

  it('that may be repeated is separated by newlines or semicolons in the environment', () => {
    const feeds = ['sim:3', 'replay:a file.csv', 'binance:BTCUSDT,ETHUSDT']
    for (const text of [feeds.join('\n'), feeds.join(';'), `${feeds.join('\r\n')}\n`, feeds.join(' ; ')])
      expect(readOptions([], { DRIFTWIRE_FEED: text })).toEqual({ feed: feeds })
  })

  it.each([
    ['1', true],
    ['true', true],
    ['0', false],
    ['false', false],
  ])('without a value is %s in the environment', (text, value) => {
    expect(readOptions([], { DRIFTWIRE_EXIT_AT_END: text })).toEqual({ 'exit-at-end': value })
  })

  it('is not given where its variable is empty, and others’ variables are no concern', () => {
    expect(readOptions([], { DRIFTWIRE_PORT: '', PORT: '99', DRIFTWIRE_ADMIN_TOKEN: 'secret' })).toEqual({})
  })

  it.each<[args: string[], line: string]>([
    [['--prot', '1'], '--prot: found an option that is not known, expected one of --config, --host, --port'],
    [['-p', '1'], '-p: found an option that is not known, expected one of --config'],
    [['serve'], "arguments: found 'serve', expected options only"],
    [['--port'], '--port: found no value, expected PORT'],
    [['--port', '--host', 'x'], '--port: found no value, expected PORT'],
    [['--port', '-1'], '--port: found no value, expected PORT'],
    [['--port='], '--port: found no value, expected PORT'],
    [['--data', ''], '--data: found no value, expected DIR'],
    [['--feed', 'sim', '--feed', ''], '--feed: found no value, expected SPEC'],
    [['--exit-at-end=yes'], '--exit-at-end: found a value, expected none'],
  ])('%j is refused in one line that says where, what was found and what was expected', (args, line) => {
    const error = caught(() => readOptions(args, {}))
    expect(error).toBeInstanceOf(UsageError)
    expect(error.message.startsWith(line), error.message).toBe(true)
    expect(error.message).not.toContain('\n')
  })

  it('without a value is refused in the environment where it is neither on nor off', () => {
    const { message } = caught(() => readOptions([], { DRIFTWIRE_EXIT_AT_END: 'yes' }))
    expect(message).toBe('DRIFTWIRE_EXIT_AT_END: found "yes", expected 1, true, 0 or false')
  })

  it('stands in the help, with what it takes', () => {
    const help = optionsHelp()
    for (const name of NAMES) expect(help).toMatch(new RegExp(`^ {2}--${name}( [A-Z][A-Za-z|]*)? {2,}\\S`, 'm'))
  })
})

it('a mistake is told in one line, whatever was typed', () => {
  expect(new UsageError('--feed: found "a\n  b\r\nc", expected one').message).toBe('--feed: found "a b c", expected one')
})

const caught = (act: () => unknown): Error => {
  try {
    act()
  } catch (error) {
    return error as Error
  }
  throw new Error('nothing was thrown')
}
