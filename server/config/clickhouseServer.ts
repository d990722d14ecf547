import { type Options, UsageError } from './options.ts'

/** A ClickHouse server in place of the embedded engine. */
export interface ClickHouseServer {
  /** Its address: `http://user:password@host:8123`. */
  readonly url: string
  /** The cluster, in its own configuration, over whose servers the tables lie; undefined: on this one alone. */
  readonly cluster?: string | undefined
  /** Addresses of other servers with the same rows, which are asked about the past before this one. */
  readonly read?: readonly string[]
}

/** Returns the server that the options name; undefined if they name none. Throws UsageError. */
export const readClickHouse = (options: Options): ClickHouseServer | undefined => {
  const { clickhouse: url, 'clickhouse-cluster': cluster, 'clickhouse-read': read } = options
  if (url === undefined) {
    for (const name of ['clickhouse-cluster', 'clickhouse-read'] as const)
      if (options[name] !== undefined) throw new UsageError(`--${name}: found without --clickhouse, expected the URL of a server beside it`)
    return undefined
  }
  if (cluster !== undefined && !/^[A-Za-z0-9_.-]+$/.test(cluster))
    throw new UsageError(`--clickhouse-cluster: found "${cluster}", expected a name of letters, digits, "_", "." and "-"`)
  return { url: readUrl('clickhouse', url), cluster, read: (read?.split(',') ?? []).map(each => readUrl('clickhouse-read', each.trim())) }
}

const readUrl = (name: string, text: string): string => {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw new UsageError(`--${name}: found "${text}", expected an http or https URL`)
  return text
}
