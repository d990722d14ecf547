import { type Answer, aChannel, type Check } from '../check.ts'
import { must, same } from '../mismatch.ts'
import { stored } from './past.ts'

const problem = (where: string, { status, headers, json }: Answer, wanted: number, code: string): void => {
  same(`${where}: status`, status, wanted)
  must(
    headers.get('content-type')?.startsWith('application/problem+json') === true,
    `${where}: content-type`,
    headers.get('content-type'),
    'application/problem+json',
  )
  same(`${where}: code`, (json as { code?: string } | undefined)?.code, code)
}

const posted = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

/** What is asked by HTTP. */
export const HTTP: readonly Check[] = [
  {
    name: 'the server is alive and ready',
    over: 'HTTP',
    async run({ http }) {
      for (const path of ['/healthz', '/readyz']) same(path, (await http(path)).status, 200)
    },
  },
  {
    name: 'both descriptions are there: OpenAPI 3.1 and AsyncAPI 3',
    over: 'HTTP',
    async run({ http }) {
      const version = async (path: string, member: string): Promise<string> =>
        String(((await http(path)).json as Record<string, unknown>)?.[member])
      const [open, async] = [await version('/openapi.json', 'openapi'), await version('/asyncapi.json', 'asyncapi')]
      must(open.startsWith('3.1'), '/openapi.json', open, '3.1')
      must(async.startsWith('3.'), '/asyncapi.json', async, '3.…')
    },
  },
  {
    name: 'the state of a channel by HTTP has the members of the one that is pushed',
    over: 'HTTP',
    async run(subject) {
      const channel = aChannel(subject, 'fund', 'tick')
      const line = await subject.open()
      await line.subscribe([channel])
      const { state } = await line.follows(channel)
      const { status, json } = await subject.http(`/v1/state/${channel}`)
      same(`/v1/state/${channel}`, status, 200)
      const asked = Object.keys(json as object)
      const pushed = Object.keys(line.followed.get(channel)?.state ?? state)
      // One of them may be a moment older.
      const others = asked.filter(name => !pushed.includes(name))
      must(asked.length > 0 && others.length <= 2, 'members', asked, `those of the channel: ${pushed.join(', ')}`)
    },
  },
  {
    name: 'a route that does not exist is 404, as a problem with its code',
    over: 'HTTP',
    run: async ({ http }) => problem('/no/such/route', await http('/no/such/route'), 404, 'not_found'),
  },
  {
    name: 'a channel that does not exist is 404',
    over: 'HTTP',
    run: async ({ http }) => problem('/v1/state/nonsense:X', await http('/v1/state/nonsense:X'), 404, 'unknown_channel'),
  },
  {
    name: 'a method that a route does not take is 405, with those that it takes',
    over: 'HTTP',
    async run({ http }) {
      const answer = await http('/v1/funds', { method: 'DELETE' })
      problem('DELETE /v1/funds', answer, 405, 'method_not_allowed')
      must(answer.headers.get('allow')?.includes('GET') === true, 'allow', answer.headers.get('allow'), 'GET among others')
    },
  },
  {
    name: 'a body that is not JSON is 400, and one of another type 415',
    over: 'HTTP',
    async run({ http }) {
      const answer = await http('/register', posted('{"username":'))
      same('half a body: status', answer.status, 400)
      problem('an image', await http('/register', posted('x', { 'content-type': 'image/png' })), 415, 'unsupported_media_type')
    },
  },
  {
    name: 'own holdings need a login; a wrong one is 401; credentials in the address are refused',
    over: 'HTTP',
    async run({ http }) {
      problem('GET /holdings', await http('/holdings'), 401, 'not_logged_in')
      same('a wrong token', (await http('/holdings', { headers: { authorization: 'Bearer nonsense' } })).status, 401)
      problem('?password=', await http('/holdings?username=a&password=b'), 400, 'credentials_in_url')
    },
  },
  {
    name: 'routes of operators are closed to others',
    over: 'HTTP',
    async run({ http }) {
      const answer = await http('/v1/audit')
      must(answer.status === 401 || answer.status === 403, '/v1/audit: status', answer.status, '401 or 403')
    },
  },
  {
    name: 'history comes as JSON and as CSV, with the same rows',
    over: 'HTTP',
    async run(subject) {
      const { channel, to } = await stored(subject)
      const path = `/v1/history/${channel}?from=${Math.max(0, to - 60_000)}&to=${to}`
      const [json, csv] = [await subject.http(path), await subject.http(`${path}&format=csv`)]
      same('status', [json.status, csv.status], [200, 200])
      const lines = csv.text.trim().split('\n')
      const rows = (json.json as { rows: object[] }).rows
      must(
        rows.length === 0 || lines.length === rows.length + 1,
        'lines of CSV',
        lines.length,
        `${rows.length + 1}: a header and a line a row`,
      )
    },
  },
]
