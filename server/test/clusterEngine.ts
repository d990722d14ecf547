/** The server's own configuration by which the embedded engine is a cluster of one server, with a keeper within its process. */
export const clusterConfig = (cluster: string): string => `<clickhouse>
  <macros><shard>01</shard><replica>r1</replica></macros>
  <zookeeper><implementation>testkeeper</implementation></zookeeper>
  <interserver_http_port>19009</interserver_http_port>
  <tcp_port>9000</tcp_port>
  <remote_servers><${cluster}><shard><internal_replication>true</internal_replication>
    <replica><host>127.0.0.1</host><port>9000</port></replica></shard></${cluster}></remote_servers>
</clickhouse>`

/** A statement without ON CLUSTER, which takes a queue that the embedded engine does not have. */
export const onOneServer = (statement: string): string => statement.replace(/ ON CLUSTER '\w+'/, '')

/**
 * A statement whose tables are not replicated: without other servers, those of the embedded engine take no rows and no changes. Distributed
 * tables in front of them do all that they do in a cluster.
 */
export const unreplicated = (statement: string): string =>
  onOneServer(statement)
    .replace(
      /ENGINE = Replicated(\w+)\('[^']*', '\{replica\}'(?:, ([^)]*))?\)/,
      (_, engine: string, given = '') => `ENGINE = ${engine}(${given})`,
    )
    .replace(
      /replicated_deduplication_window = (\d+), replicated_deduplication_window_seconds = \d+/,
      'non_replicated_deduplication_window = $1',
    )
