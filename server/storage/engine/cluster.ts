import type { ClickHouseClient, ClickHouseSettings } from '@clickhouse/client'

/**
 * The settings of every statement in a cluster. An insert returns when most replicas of its shards have it, and a SELECT that reaches a replica
 * which lacks one fails instead of leaving rows out; for that inserts of one table follow each other. A subquery in a condition is sent along
 * to the shards, and an INSERT … SELECT runs on the server that was asked. A change of tables that a server does not acknowledge in time fails, and is tried again.
 */
export const CLUSTER_SETTINGS: ClickHouseSettings = {
  distributed_foreground_insert: 1,
  insert_quorum: 'auto',
  insert_quorum_parallel: 0,
  insert_quorum_timeout: 30_000,
  select_sequential_consistency: '1',
  async_insert: 0,
  distributed_product_mode: 'global',
  parallel_distributed_insert_select: '0',
  distributed_ddl_task_timeout: '50',
}

/** Returns why a server cannot serve as one of the cluster, in the form "found X, expected Y"; undefined if it can. */
export const clusterFault = async (client: ClickHouseClient, cluster: string): Promise<string | undefined> => {
  const rows = async <T>(query: string): Promise<T[]> =>
    (await client.query({ query, query_params: { cluster }, format: 'JSONEachRow' })).json<T>()
  const known = await rows<{ cluster: string; internal: number }>(
    'SELECT cluster, toUInt8(min(internal_replication)) AS internal FROM system.clusters GROUP BY cluster ORDER BY cluster',
  )
  const named = known.find(one => one.cluster === cluster)
  if (named === undefined)
    return `found no cluster "${cluster}", expected one of ${known.map(one => `"${one.cluster}"`).join(', ') || 'its configuration'}`
  if (named.internal === 0) return `found cluster "${cluster}" without internal_replication, expected true for each of its shards`
  const macros = new Set((await rows<{ macro: string }>('SELECT macro FROM system.macros')).map(({ macro }) => macro))
  const missing = ['shard', 'replica'].filter(macro => !macros.has(macro))
  return missing.length > 0
    ? `found no macro ${missing.map(macro => `{${macro}}`).join(' and no ')}, expected {shard} and {replica}`
    : undefined
}
