import type { Engine } from '../engine/engine.ts'

/** Functions of these kinds reach files, other servers, dictionaries or the insides of the engine. `Other` holds some of each sort. */
const REFUSED_KINDS = new Set(['AI', 'Machine Learning', 'Introspection', 'Dictionary', 'Embedded Dictionary', 'Internal', 'Other', ''])
/** Of the kind `Other`, those that only compute. */
const COMPUTING =
  /^(bar|transform|identity|materialize|formatReadable\w+|parseReadable\w+|parseTimeDelta|toTypeName|toColumnTypeName|runningDifference\w*|runningAccumulate|neighbor|rowNumberIn\w+|blockNumber|version|currentDatabase|ignore|byteSize|countDigits|digits|isDecimalOverflow|getSubcolumn|variant\w+|finalizeAggregation|initializeAggregation|minSampleSize\w+|errorCodeToName|lowCardinality\w+|isConstant|visibleWidth|defaultValueOf\w+|MACNumToString|MACStringTo\w+)$/
/** What syntax is made of, and no function that is listed. */
const SYNTAX = ['lambda', 'cast', '_cast', 'caseWithExpression', 'exists']
/** What may follow the name of an aggregate function. */
const COMBINATOR = /(If|Array|Map|SimpleState|MergeState|State|Merge|ForEach|Distinct|OrDefault|OrNull|Resample|ArgMin|ArgMax)$/

/** What is known of the functions of an engine. */
export interface Functions {
  /** Returns whether a function, an aggregate with combinators included, only computes. */
  computes(name: string): boolean
}

interface Row {
  readonly name: string
  readonly alias_to: string
  readonly is_aggregate: 0 | 1
  readonly categories: string
}

const known = new WeakMap<Engine, Promise<Functions>>()

/** Returns what the engine says of its functions; it is asked once. One that it does not list, such as a user's own, does not count. */
export const functionsOf = (engine: Engine): Promise<Functions> => {
  const before = known.get(engine)
  if (before !== undefined) return before
  const asked = ask(engine)
  known.set(engine, asked)
  asked.catch(() => known.delete(engine))
  return asked
}

const ask = async (engine: Engine): Promise<Functions> => {
  const answer = await engine.guest.run(
    "SELECT name, alias_to, is_aggregate, categories FROM system.functions WHERE origin = 'System'",
    'JSONEachRow',
  )
  const rows = answer
    .toString()
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Row)
  const byName = new Map(rows.map(row => [row.name, row]))
  const fits = ({ name, is_aggregate, categories }: Row): boolean =>
    is_aggregate === 1 || !REFUSED_KINDS.has(categories) || COMPUTING.test(name)
  const computing = new Set(SYNTAX.map(name => name.toLowerCase()))
  const aggregates = new Set<string>()
  for (const row of rows) {
    const meant = byName.get(row.alias_to) ?? row
    if (!fits(meant)) continue
    computing.add(row.name.toLowerCase())
    if (meant.is_aggregate === 1) aggregates.add(row.name.toLowerCase())
  }
  const aggregate = (name: string): boolean => {
    if (aggregates.has(name.toLowerCase())) return true
    const shorter = name.replace(COMBINATOR, '')
    return shorter !== name && aggregate(shorter)
  }
  return { computes: name => computing.has(name.toLowerCase()) || aggregate(name) }
}
