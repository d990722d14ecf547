import type { Engine } from '../engine/engine.ts'
import { literal } from '../engine/statement.ts'
import { type Functions, functionsOf } from './sqlFunctions.ts'

/** A statement that is not run: its message is one line for its author. */
export class SqlRefusal extends Error {}

/** Table functions that make rows of nothing but what the statement says. */
const TABLE_FUNCTIONS = new Set(['numbers', 'zeros', 'values', 'VALUES', 'generate_series', 'generateSeries', 'view'])
/** Tables of the engine that say nothing of other users, of what runs or of the server's settings. */
const SYSTEM_TABLES = new Set([
  'system.one',
  'system.numbers',
  'system.zeros',
  'system.functions',
  'system.tables',
  'system.columns',
  'system.parts',
])
/** Statements besides SELECT that say what there is. */
const SAYS = /^(?:SHOW TABLES|(?:DESCRIBE|EXISTS|SHOW CREATE) TABLE `?\w+`?)$/
const EXPLAINS = /^EXPLAIN (?:(?:PLAN|PIPELINE|SYNTAX|ESTIMATE|QUERY TREE) )?(?=SELECT|WITH)/
const QUOTED = /'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`|"(?:[^"\\]|\\.)*"/g

/**
 * Returns a statement as the engine reads it, without comments, if it may be run: a SELECT of the database's own tables that calls nothing but
 * what computes. The engine lets a guest only read; but what can be read are also files of the machine and what others ask, and KILL and
 * INTO OUTFILE count as reading. So the engine's own syntax tree is looked at, and all that is not known to be harmless is refused. Rejects with
 * SqlRefusal, or with the engine's error for what is no statement.
 */
export const guarded = async (engine: Engine, statement: string): Promise<string> => {
  const text = await textOf(engine, `SELECT formatQuerySingleLine(${literal(statement.replace(/[\s;]+$/, ''))})`)
  const bare = text.replace(QUOTED, "''")
  if (SAYS.test(bare)) return text
  if (/\bINTO OUTFILE\b/.test(bare)) throw new SqlRefusal('found INTO OUTFILE, expected a statement that only reads')
  if (/\bFORMAT \w+$/.test(bare))
    throw new SqlRefusal('found FORMAT, expected none: the form of the answer is asked for beside the statement')
  const select = text.replace(EXPLAINS, '')
  if (!/^(?:SELECT|WITH)\b/.test(select))
    throw new SqlRefusal(
      `found ${/^\w+(?: \w+)?/.exec(bare)?.[0] ?? 'something else'}, expected SELECT, SHOW TABLES, DESCRIBE or EXPLAIN of a SELECT`,
    )
  const tree = await textOf(engine, `EXPLAIN AST ${select}`)
  checkTree(tree.split('\n'), engine.database, await functionsOf(engine))
  return text
}

const textOf = async (engine: Engine, statement: string): Promise<string> =>
  (await engine.guest.run(statement, 'TSVRaw')).toString().trimEnd()

/** Looks at each node of a syntax tree, as EXPLAIN AST prints it: a node a line, a space deeper than its parent. */
const checkTree = (lines: readonly string[], database: string, functions: Functions): void => {
  if (!lines[0]?.startsWith('SelectWithUnionQuery')) throw new SqlRefusal('found something else beside a SELECT, expected one SELECT')
  const path: string[] = []
  for (const line of lines) {
    const [, indent = '', kind = '', name = ''] = /^( *)([\w:]+)(?: ([^ ]+))?/.exec(line) ?? []
    path.length = indent.length
    const parent = path.at(-1)
    path.push(kind)
    if (kind === 'Function') checkFunction(name, parent === 'TableExpression', functions, database)
    else if (kind === 'TableIdentifier' || kind === 'Identifier') checkName(name, kind, database)
    // It calls a function that the tree does not name.
    else if (kind === 'ColumnsApplyTransformer') throw new SqlRefusal('found APPLY, expected the columns one by one')
  }
}

const checkFunction = (name: string, ofTable: boolean, functions: Functions, database: string): void => {
  if (ofTable && !TABLE_FUNCTIONS.has(name)) throw new SqlRefusal(`found the table function ${name}, expected tables of ${database}`)
  if (!ofTable && !functions.computes(name)) throw new SqlRefusal(`found the function ${name}, expected one that only computes`)
}

/** A name of one part is a column, or a table of the database. Of several parts a table's is a database, a column's a table or a database. */
const checkName = (name: string, kind: string, database: string): void => {
  const [first = '', ...rest] = name.split('.')
  const foreign = kind === 'TableIdentifier' ? rest.length > 0 && first !== database : /^(system|information_schema)$/i.test(first)
  if (foreign && !SYSTEM_TABLES.has(name)) throw new SqlRefusal(`found ${name}, expected a table of ${database}`)
}
