import { WebSocket } from 'ws'
import { triedClient } from '../../clients/conformance/clientSuite.ts'
import type { SocketLike } from '../../clients/conformance/conversation.ts'
import { lines, type Shown, summary } from '../../clients/conformance/report.ts'
import { SCENES } from '../../clients/conformance/scenes.ts'
import { ScriptedServer } from '../../clients/conformance/scriptedServer.ts'
import { CHANNEL } from '../../clients/conformance/stage.ts'
import { CHECKS, tried } from '../../clients/conformance/suite.ts'
import { UsageError } from '../config/options.ts'

/** What was typed. */
interface Options {
  readonly only?: string
  readonly client?: boolean
  readonly port?: string
}

/** Tries a server at `url`, or the client that connects, and prints what each check has shown. Returns 1 if one failed. */
export const conformance = (url: string | undefined, { only, client, port = '0' }: Options): Promise<number | undefined> => {
  if (client) return tryClient(port, only)
  return tryServer(url ?? 'http://127.0.0.1:8080', only)
}

const chosen = <T extends { readonly name: string }>(all: readonly T[], only: string | undefined): readonly T[] => {
  const some = only === undefined ? all : all.filter(({ name }) => name.includes(only))
  if (some.length === 0) throw new UsageError(`--only: found "${only}", expected a part of the name of a check`)
  return some
}

const tryServer = async (typed: string, only: string | undefined): Promise<number | undefined> => {
  const url = typed.replace(/^ws/, 'http').replace(/(\/ws)?\/*$/, '')
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new UsageError(`URL: found "${typed}", expected an address such as http://127.0.0.1:8080`)
  const socket = (address: string): SocketLike => new WebSocket(address, { perMessageDeflate: false }) as unknown as SocketLike
  const shown: Shown[] = []
  let over = ''
  for await (const result of tried({ url, socket, checks: chosen(CHECKS, only) })) {
    if (result.check.over !== over) console.log(`${shown.length > 0 ? '\n' : ''}Over ${result.check.over}`)
    over = result.check.over
    print(result.check.name, result, shown)
  }
  return ended(shown)
}

const tryClient = async (typed: string, only: string | undefined): Promise<number | undefined> => {
  const port = Number(typed)
  if (!(Number.isInteger(port) && port >= 0 && port < 65_536)) throw new UsageError(`--port: found "${typed}", expected 0 to 65535`)
  const server = await ScriptedServer.start(port)
  const shown: Shown[] = []
  try {
    console.log(`Connect the client to ${server.url} and let it follow ${CHANNEL}, with checksums if it can.\n`)
    for await (const result of triedClient(server, chosen(SCENES, only))) print(result.scene.name, result, shown)
  } finally {
    server.close()
  }
  return ended(shown)
}

const print = (name: string, result: Shown, shown: Shown[]): void => {
  shown.push(result)
  for (const line of lines(name, result)) console.log(line)
}

const ended = (shown: readonly Shown[]): number | undefined => {
  console.log(`\n${summary(shown)}`)
  return shown.some(({ outcome }) => outcome === 'failed') ? 1 : undefined
}
