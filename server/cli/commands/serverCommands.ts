import { OPTIONS, withVariables } from '../../config/options.ts'
import { configJsonSchema } from '../../config/schema.ts'
import { LIVE_FEEDS } from '../../feeds/venues/index.ts'
import { type Command, command } from '../command.ts'
import { JSON_FORM, SERVER } from '../options.ts'

/** Commands that run a server or look after one. */
export const SERVER_COMMANDS: readonly Command[] = [
  command({
    name: 'serve',
    group: 'Server',
    summary: 'run the server',
    options: withVariables(OPTIONS),
    more: () => `Feeds:
  sim, sim:SEED, replay:FILE
${LIVE_FEEDS.map(feed => `  ${feed}`).join('\n')}
  evm:wss://… or evm:https://…, from a block on with #from=BLOCK: the configured
    pools' events, from a node of their chain
  ccxt: and http: are not available in this version`,
    async run({ options }, context) {
      await (await import('../serve.ts')).serve(options, context)
      return undefined
    },
  }),
  command({
    name: 'status',
    group: 'Server',
    summary: 'show how a running server is: what asks for action, its feeds, its store, its journal',
    options: { check: { kind: 'flag', help: 'end with 1 if something asks for action' }, json: JSON_FORM, ...SERVER },
    run: async ({ options }, context) => (await import('../status.ts')).status(options, context),
  }),
  command({
    name: 'verify',
    group: 'Server',
    summary: 'follow the whole journal of a data directory, or ask the server that holds it',
    takes: [{ name: 'DIR', help: 'the data directory (./data)', optional: true, complete: 'files' }],
    options: { url: SERVER.url },
    run: async ({ words, options }, { environment }) => {
      console.log(await (await import('../verify.ts')).verify(words[0] ?? 'data', options.url, environment))
      return undefined
    },
  }),
  command({
    name: 'backup',
    group: 'Server',
    summary: 'back a data directory up, whether a server holds it or not: journal, credentials, spool, embedded ClickHouse',
    takes: [{ name: 'DIR', help: 'where the backup goes; nothing lies there yet', complete: 'files' }],
    options: {
      data: { kind: 'text', value: 'DIR', help: 'the data directory (./data)', complete: 'files' },
      config: {
        kind: 'text',
        value: 'FILE',
        help: 'the configuration, whose digest goes into the backup of a directory that no server holds',
      },
      ...SERVER,
    },
    run: async ({ words, options }, context) => (await import('../backup.ts')).backup(words[0]!, options, context),
  }),
  command({
    name: 'restore',
    group: 'Server',
    summary: 'make a data directory of a backup; every file, the chain and the counts of rows are checked',
    takes: [{ name: 'DIR', help: 'the backup', complete: 'files' }],
    options: { data: { kind: 'text', value: 'DIR', help: 'the data directory, empty or not there yet (./data)', complete: 'files' } },
    run: async ({ words, options }, { environment }) =>
      (await import('../backup.ts')).restore(words[0]!, options.data ?? environment.DRIFTWIRE_DATA ?? 'data'),
  }),
  command({
    name: 'spool retry',
    group: 'Server',
    summary: 'have a running server send the rows that it has set aside to ClickHouse again',
    options: SERVER,
    run: async ({ options }, { environment }) => (await import('../spool.ts')).retrySpool(options, environment),
  }),
  command({
    name: 'client hash',
    group: 'Server',
    summary: 'read a password from the terminal or a pipe, and print its hash for a file of clients',
    run: async () => {
      console.log(await (await import('../clientHash.ts')).clientHash(process.stdin))
      return undefined
    },
  }),
  command({
    name: 'client invite',
    group: 'Server',
    summary: 'make an invitation for one registration, and print it with its digest for the configuration',
    options: { json: JSON_FORM },
    run: async ({ options }) => {
      const { invitationText } = await import('../clientInvite.ts')
      console.log(invitationText(options.json === true))
      return undefined
    },
  }),
  command({
    name: 'conformance',
    group: 'Server',
    summary: 'try any server of the protocol, or any client, rule by rule',
    takes: [{ name: 'URL', help: 'the server, such as http://127.0.0.1:8080, the local one if left out', optional: true }],
    options: {
      only: { kind: 'text', value: 'TEXT', help: 'make only the checks with this text in their names' },
      client: { kind: 'flag', help: 'try a client: wait for it, and play a server' },
      port: { kind: 'text', value: 'PORT', help: 'the port on which a client is awaited; 0 picks one (0)' },
    },
    run: async ({ words, options }) => (await import('../conformance.ts')).conformance(words[0], options),
  }),
  command({
    name: 'schema',
    group: 'Server',
    summary: 'print the JSON Schema of the configuration',
    run: async () => {
      console.log(JSON.stringify(configJsonSchema(), null, 2))
      return undefined
    },
  }),
]
