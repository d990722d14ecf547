import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parser } from '@prometheus-io/lezer-promql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { packageRoot } from '../lib/packageRoot.ts'
import { DriftwireProcess, pathOf } from './processKit.ts'
import { runTool, systemTool } from './systemTool.ts'

/** What lies in deploy/ for Prometheus and Grafana: parsed, held against a running server, and its alerts tried. */

const text = (...path: string[]): string => readFileSync(join(packageRoot(), 'deploy', ...path), 'utf8')

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
}
const rules = (parse(text('prometheus', 'rules.yml')) as { groups: { rules: Rule[] }[] }).groups.flatMap(group => group.rules)

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr?: string; readonly rawSql?: string }[]
}
interface Dashboard {
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly type: string; readonly query: unknown }[] }
}
const dashboard = (name: string): Dashboard => JSON.parse(text('grafana', name))
const expressions = [
  ...rules.map(({ alert, expr }) => [alert, expr] as const),
  ...dashboard('operators.json').panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => [title, expr!] as const)),
]

interface Parsed {
  readonly faults: readonly string[]
  /** Names of metrics; of a matcher of `__name__` each alternative. */
  readonly metrics: readonly string[]
}

/** Returns where an expression is wrong, and the metrics that it names. Grafana's variables are durations. */
const parsed = (expression: string): Parsed => {
  const promql = expression.replaceAll(/\$__(rate_)?interval/g, '5m')
  const faults: string[] = []
  const metrics: string[] = []
  parser.parse(promql).iterate({
    enter: ({ type, from, to, node }) => {
      const of = promql.slice(from, to)
      if (type.isError) faults.push(`at ${from}: ${promql.slice(from - 10, to + 10)}`)
      if (type.name === 'Identifier' && node.parent?.name === 'VectorSelector') metrics.push(of)
      const [, before, alternatives, after] = /^__name__=~"(\w*)\(([\w|]+)\)(\w*)"$/.exec(of) ?? []
      if (type.name === 'UnquotedLabelMatcher' && alternatives !== undefined)
        metrics.push(...alternatives.split('|').map(alternative => `${before}${alternative}${after}`))
    },
  })
  return { faults, metrics }
}

describe('an expression for Prometheus', () => {
  it.each(expressions)('of %s can be parsed and names a metric', (_, expression) => {
    const { faults, metrics } = parsed(expression)
    expect(faults).toEqual([])
    expect(metrics.length).toBeGreaterThan(0)
  })

  it.each(['sum(rate(a[5m])', 'a{b=}', 'rate(a[5 apples])', 'a and'])('that is wrong is found: %s', expression => {
    expect(parsed(expression).faults.length).toBeGreaterThan(0)
  })
})

describe('a running server', () => {
  const TOKEN = 'an-admin-token-for-this-test'
  let server: DriftwireProcess
  let metrics: string
  beforeAll(async () => {
    const place = ['--port', '0', '--log-level', 'warn', '--data', pathOf('monitored')]
    server = new DriftwireProcess(['serve', ...place], { DRIFTWIRE_ADMIN_TOKEN: TOKEN })
    await server.ready()
    await server.status(({ sink }) => Object.values((sink as { stored: Record<string, number> }).stored).every(rows => rows > 0))
    metrics = await (await fetch(`${await server.url()}/metrics`)).text()
  })
  afterAll(() => server.end('SIGTERM'))

  it('has every metric that an alert or a dashboard names', () => {
    // `up` is Prometheus' own; a histogram has names of its own.
    const there = new Set(['up', ...[...metrics.matchAll(/^# TYPE (\S+) \S+$/gm)].map(([, name]) => name!)])
    const base = (name: string): string => name.replace(/_(sum|count|bucket)$/, '')
    const unknown = expressions.flatMap(([of, expression]) =>
      parsed(expression)
        .metrics.filter(name => !there.has(name) && !there.has(base(name)))
        .map(name => `${of}: ${name}`),
    )
    expect(unknown).toEqual([])
  })

  const ask = async (statement: string): Promise<Record<string, unknown>[]> => {
    const response = await fetch(`${await server.url()}/v1/admin/sql`, {
      method: 'POST',
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'text/plain' },
      body: statement,
    })
    const answer = (await response.json()) as { rows?: Record<string, unknown>[]; detail?: string }
    if (answer.rows === undefined) throw new Error(`${answer.detail}: ${statement}`)
    return answer.rows
  }

  /** The macros that Grafana's data source for ClickHouse replaces, over the last hour. */
  const replaced = (statement: string, variables: Readonly<Record<string, string>>): string =>
    statement
      .replaceAll(/\$__timeFilter_ms\((\w+)\)/g, (_, column) => {
        const now = Date.now()
        return `${column} >= fromUnixTimestamp64Milli(${now - 3_600_000}) AND ${column} <= fromUnixTimestamp64Milli(${now + 60_000})`
      })
      .replaceAll('$__interval_s', '5')
      .replaceAll(/\$\{(\w+)\}/g, (_, name) => variables[name] ?? `no variable ${name}`)

  it('answers every question of the dashboard for users, with rows', async () => {
    const { panels, templating } = dashboard('users.json')
    const variables: Record<string, string> = {}
    for (const { name, type, query } of templating.list)
      if (type === 'query') variables[name] = String(Object.values((await ask(query as string))[0]!)[0])
    expect(variables).toMatchObject({ fund: 'TOP10', portfolio: 'main' })

    const statements = panels.flatMap(({ title, targets = [] }) =>
      targets.map(({ rawSql }) => [title, replaced(rawSql!, variables)] as const),
    )
    expect(statements.length).toBeGreaterThan(15)
    const empty: string[] = []
    for (const [title, statement] of statements) if ((await ask(statement)).length === 0) empty.push(title)
    // Nobody has traded yet.
    expect(empty).toEqual(['Trades of rebalances', 'Created and redeemed'])
    await expect(ask('SELECT navv FROM funds')).rejects.toThrow('navv')
  })
})

// Without promtool nobody can say whether rules fire: `.ci/run` installs Debian's package `prometheus`.
const promtool = systemTool('promtool')
describe.skipIf(promtool === undefined)('Prometheus', () => {
  const folder = join(packageRoot(), 'deploy', 'prometheus')
  const run = (...args: string[]): [code: number | null, said: string] => runTool(promtool!, args, { cwd: folder })

  it('takes its configuration and the rules', () => {
    expect(run('check', 'config', 'prometheus.yml')).toEqual([0, expect.stringContaining(`${rules.length} rules found`)])
  })

  it('fires each alert and keeps it silent, in the cases of rules.test.yml', () => {
    expect(run('test', 'rules', 'rules.test.yml')).toEqual([0, expect.stringContaining('SUCCESS')])
  })
})

describe('each alert', () => {
  interface Case {
    readonly name: string
    readonly alert_rule_test: readonly { readonly alertname: string; readonly exp_alerts: readonly object[] }[]
  }
  const cases = (parse(text('prometheus', 'rules.test.yml')) as { tests: Case[] }).tests

  it('has a case in which it fires, and one in which it is silent', () => {
    const tried = (fires: boolean): string[] =>
      cases.flatMap(({ alert_rule_test }) =>
        alert_rule_test.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname),
      )
    const names = rules.map(({ alert }) => alert)
    expect(tried(true)).toEqual(names)
    expect(tried(false)).toEqual(names)
  })

  it('stands in docs/operations.md with its severity and what to do', () => {
    const page = readFileSync(join(packageRoot(), 'docs', 'operations.md'), 'utf8')
    const rows = page
      .split('\n## Alerts\n')[1]!
      .split('\n## ')[0]!
      .split('\n')
      .filter(line => line.startsWith('| `Driftwire'))
      .map(line => line.split('|').map(cell => cell.trim()))
    expect(rows.map(([, name, severity]) => [name!.replaceAll('`', ''), severity])).toEqual(
      rules.map(({ alert, labels }) => [alert, labels.severity]),
    )
    expect(rows.filter(([, , , means, action]) => means!.length < 10 || action!.length < 10)).toEqual([])
  })
})
