import { SHARD_KEYS } from './shardKeys.ts'
import { literal } from './statement.ts'

/** A database as statements name it, and a table in it. */
const DATABASE = '(?<db>`(?:[^`\\\\]|\\\\.)*`|\\w+)'
const TABLE = `${DATABASE}\\.\`?(?<name>\\w+)\`?`

/** What a statement names. */
interface Named {
  readonly db: string
  readonly name: string
  /** The statement up to its table, and after it. */
  readonly before: string
  readonly after: string
}

/**
 * Returns the statements that do in a cluster what one statement does on a single server. Each table becomes two: `X_local`, replicated, on
 * every server with the rows of its shard; and `X`, distributed, over those of all shards, by the column in SHARD_KEYS. Views of inserts work
 * within a shard. Rows themselves go in and out by the distributed tables, so statements about rows stay as they are.
 *
 * Throws a RangeError for a statement that it knows no form of, and for a table that SHARD_KEYS does not name.
 */
export const clustered = (statement: string, cluster: string): readonly string[] => {
  const on = `ON CLUSTER ${literal(cluster)}`
  for (const [form, rewritten] of FORMS) {
    const found = form.exec(statement)
    if (found === null) continue
    const { db = '', name = '', before = '', after = '' } = found.groups ?? {}
    return rewritten({ db, name, before, after }, on, cluster)
  }
  throw new RangeError(`found "${statement.trim().slice(0, 60)}", expected a statement that a cluster has a form for`)
}

type Rewriting = (named: Named, on: string, cluster: string) => readonly string[]

const table = ({ db, name, before, after }: Named, on: string, cluster: string): readonly string[] => {
  const key = SHARD_KEYS[name]
  if (key === undefined)
    throw new RangeError(`table ${name}: found no column in SHARD_KEYS, expected the one by which a cluster spreads it`)
  const path = literal(`/clickhouse/tables/${cluster}/{shard}/${unquoted(db)}/${name}`)
  const local = after
    .replace(
      ENGINE,
      (_, engine: string, given = '') => `ENGINE = Replicated${engine}(${[path, "'{replica}'", ...(given ? [given] : [])].join(', ')})`,
    )
    .replace(WINDOW, `replicated_deduplication_window = $1, replicated_deduplication_window_seconds = ${REMEMBERED_S}`)
  const front = `Distributed(${[cluster, unquoted(db), `${name}_local`].map(literal).join(', ')}, cityHash64(${key}))`
  return [`${before}${db}.${name}_local ${on}${local}`, `${before}${db}.${name} ${on} AS ${db}.${name}_local ENGINE = ${front}`]
}

/** A view of inserts sees what goes into the table of its own shard, and writes there. The alias is there because columns are named by the table. */
const viewOfInserts = ({ db, name, before, after }: Named, on: string): readonly string[] => {
  const local = after
    .replace(new RegExp(` TO ${TABLE} AS`), ' TO $<db>.$<name>_local AS')
    .replace(new RegExp(`FROM ${TABLE}`, 'g'), 'FROM $<db>.$<name>_local AS $<name>')
  return [`${before}${db}.${name} ${on}${local}`]
}

/** Columns stand in both tables, first in the one that holds the rows; everything else concerns rows. */
const change = ({ db, name, before, after }: Named, on: string): readonly string[] => {
  const local = `${before}${db}.${name}_local ${on}${after}`
  return COLUMNS.test(after) ? [local, `${before}${db}.${name} ${on}${after}`] : [local]
}

/** In the order in which they are tried. */
const FORMS: readonly (readonly [RegExp, Rewriting])[] = (
  [
    [`CREATE DATABASE IF NOT EXISTS ${DATABASE}`, ({ db, before }, on) => [`${before}${db} ${on}`]],
    [`CREATE TABLE IF NOT EXISTS ${TABLE}`, table],
    [`CREATE MATERIALIZED VIEW IF NOT EXISTS ${TABLE}`, viewOfInserts],
    [`CREATE (?:OR REPLACE )?VIEW ${TABLE}`, ({ db, name, before, after }, on) => [`${before}${db}.${name} ${on}${after}`]],
    [`DROP VIEW IF EXISTS ${TABLE}`, ({ db, name, before }, on) => [`${before}${db}.${name} ${on} SYNC`]],
    [`DROP TABLE IF EXISTS ${TABLE}`, ({ db, name, before }, on) => ['', '_local'].map(end => `${before}${db}.${name}${end} ${on} SYNC`)],
    [`TRUNCATE TABLE ${TABLE}`, ({ db, name, before }, on) => [`${before}${db}.${name}_local ${on}`]],
    [`ALTER TABLE ${TABLE}`, change],
    [`INSERT INTO ${TABLE}`, ({ db, name, before, after }) => [`${before}${db}.${name}${after}`]],
  ] satisfies [string, Rewriting][]
).map(([form, rewritten]) => [bounded(form), rewritten])

/** Returns a form as an expression for a whole statement, in which the table or database stands between `before` and `after`. */
function bounded(form: string): RegExp {
  const at = form.indexOf(DATABASE)
  return new RegExp(`^(?<before>\\s*${form.slice(0, at)})${form.slice(at)}(?![\\w.])(?<after>[\\s\\S]*)$`)
}

const ENGINE = /ENGINE = (\w*MergeTree)(?:\(([^)]*)\))?/
const WINDOW = /non_replicated_deduplication_window = (\d+)/
const COLUMNS = /\b(?:ADD|MODIFY|DROP|RENAME) COLUMN\b/

/** s that a token is remembered: an insert that nobody acknowledged may wait in the spool for as long as a cluster is away. */
const REMEMBERED_S = 365 * 86_400

const unquoted = (name: string): string => name.replace(/^`|`$/g, '').replace(/\\(.)/g, '$1')
