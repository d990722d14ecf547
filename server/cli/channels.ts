import { type ServerOptions, serverOf } from './server.ts'

/** Runs `channels [LIKE]`: the names of channels that can be had, one a line. Returns the exit code. */
export const channels = async (
  like: string | undefined,
  { json, ...options }: ServerOptions & { readonly json?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> => {
  const query = like === undefined ? '' : `?${new URLSearchParams({ like })}`
  const answer = await serverOf(options, environment).get<{ channels: readonly string[] }>(`/v1/channels${query}`)
  if (json) console.log(JSON.stringify(answer))
  else if (answer.channels.length > 0) console.log(answer.channels.join('\n'))
  return 0
}
