import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that came. */
export interface AskedSource {
  readonly url: URL
  readonly headers: IncomingHttpHeaders
  readonly body: unknown
}

/** An answer, or what goes wrong with it: it ends in its middle, is empty, never comes, or is a page. */
export type SourceAnswer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown }
  | 'cut'
  | 'empty'
  | 'silence'
  | 'page'

/** A source of this machine: it answers as it is asked to, and has faults on demand. */
export class SourceServer {
  readonly asked: AskedSource[] = []
  /** Of the next answers, one each; undefined: none. */
  faults: (SourceAnswer | undefined)[] = []
  /** What it answers. */
  answers: (asked: AskedSource) => SourceAnswer
  private readonly server: Server

  private constructor(answers: (asked: AskedSource) => SourceAnswer) {
    this.answers = answers
    this.server = createServer((request, response) => void this.answer(request, response))
  }

  static async start(answers: (asked: AskedSource) => SourceAnswer = () => ({ status: 404 })): Promise<SourceServer> {
    const source = new SourceServer(answers)
    source.server.listen(0, '127.0.0.1')
    await once(source.server, 'listening')
    return source
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`
  }

  /** Forgets what was asked, and answers so from now on. */
  begin(answers: (asked: AskedSource) => SourceAnswer): void {
    this.asked.length = 0
    this.faults = []
    this.answers = answers
  }

  async close(): Promise<void> {
    this.server.closeAllConnections()
    this.server.close()
    await once(this.server, 'close')
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    for await (const chunk of request) text += chunk
    const asked = { url: new URL(request.url!, this.url), headers: request.headers, body: text === '' ? undefined : JSON.parse(text) }
    this.asked.push(asked)
    const right = this.answers(asked)
    const given = this.faults.shift() ?? right
    if (given === 'silence') return
    if (given === 'empty') response.writeHead(200, { 'content-type': 'application/json' }).end()
    else if (given === 'page') response.writeHead(200, { 'content-type': 'text/html' }).end('<html>busy</html>')
    else if (given === 'cut') {
      const whole = JSON.stringify((right as { body?: unknown }).body ?? {})
      // Whole by its length, and half of a JSON: not even the transport sees it.
      response.writeHead(200, { 'content-type': 'application/json' }).end(whole.slice(0, whole.length >> 1))
    } else {
      const { status = 200, headers = {}, body } = given
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(status === 304 ? undefined : JSON.stringify(body ?? {}))
    }
  }
}

/** A wall whose waits are over at once, and are written down. */
export const hurriedEnvironment = (start: number) => {
  const waits: number[] = []
  let time = start
  return {
    waits,
    now: () => time,
    random: () => 0,
    after(ms: number, run: () => void) {
      waits.push(ms)
      const timer = setImmediate(() => {
        time += ms
        run()
      })
      return () => clearImmediate(timer)
    },
  }
}
