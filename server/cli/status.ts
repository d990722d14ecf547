import type { JsonObject } from '../../streams/wire/mergePatch.ts'
import type { CommandContext } from './command.ts'
import { type ServerOptions, serverOf } from './server.ts'
import { paintFor } from './terminal/style.ts'
import { attentionOf, statusView } from './views/status.ts'

/** Runs `status`. Returns 1 if something asks for action and `--check` is given. */
export const status = async (
  { json, check, ...options }: ServerOptions & { readonly json?: boolean; readonly check?: boolean },
  { environment, columns }: CommandContext,
): Promise<number> => {
  const state = await serverOf(options, environment).get<JsonObject>('/v1/state/status')
  console.log(json ? JSON.stringify(state) : statusView(state, { width: columns, paint: paintFor(process.stdout) }).join('\n'))
  return check && attentionOf(state).length > 0 ? 1 : 0
}
