import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../server/lib/packageRoot.ts'
import { median, type Report, shown } from './report.ts'

/**
 * Runs each bench in a process of its own, prints what it finds, and writes bench/RESULTS.md. With names, only those, whose sections are
 * replaced. `--quick` takes less time where a bench knows how, and writes nothing.
 */

const BENCHES = [
  'pipeline',
  'latency',
  'insert',
  'orders',
  'ledger',
  'pnl',
  'funds',
  'pools',
  'page',
  'nodes',
  'nodeOrders',
  'analytics',
  'contracts',
  'alerts',
]

const asked = process.argv.slice(2).filter(name => name !== '--quick')
const quick = process.argv.includes('--quick') ? ['--quick'] : []
const unknown = asked.find(name => !BENCHES.includes(name))
if (unknown !== undefined) {
  console.error(`bench: found "${unknown}", expected ${BENCHES.join(', ')}`)
  process.exit(2)
}

const reports: Report[] = []
for (const name of asked.length > 0 ? asked : BENCHES) {
  console.log(`\n== ${name}`)
  const { status, stdout } = spawnSync(process.execPath, [join(packageRoot(), 'dist', 'bench', `${name}.js`), ...quick], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, UV_THREADPOOL_SIZE: '16' },
  })
  const lines = stdout.trim().split('\n')
  const last = lines.pop() ?? ''
  console.log(lines.join('\n'))
  if (status !== 0) {
    console.error(`bench ${name} ended with ${status}`)
    process.exit(1)
  }
  reports.push(JSON.parse(last) as Report)
}

const sectionOf = ({ name, method, figures }: Report): string => {
  const rows = figures.map(({ what, rounds, unit, beside }) => {
    const range = `${shown(Math.min(...rounds))} to ${shown(Math.max(...rounds))}`
    return `| ${what} | ${shown(median(rounds))} ${unit}${beside ? ` ${beside}` : ''} | ${range} | ${rounds.length} |`
  })
  const measured = `Measured ${new Date().toISOString().slice(0, 10)}.`
  return `## ${name}\n\n${method} ${measured}\n\n| | median | range | rounds |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
}

const write = (file: string): void => {
  const { model } = cpus()[0]!
  const machine = `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.version}`
  const before = readFileSync(file, 'utf8')
    .split(/^(?=## )/m)
    .slice(1)
    .map(section => [/^## (.*)$/m.exec(section)![1]!, section] as const)
  const sections = new Map([...before, ...reports.map(report => [report.name, sectionOf(report)] as const)])
  const text = BENCHES.flatMap(name => sections.get(name)?.trimEnd() ?? []).join('\n\n')
  writeFileSync(
    file,
    `# Results of \`npm run bench\`\n\nWritten by the harness, on ${machine}. Such machines are shared and noisy: hold\nagainst each other what was measured in one run, and quote ratios and medians.\n\n${text}\n`,
  )
  console.log('\nwritten: bench/RESULTS.md')
}

if (quick.length === 0) write(join(packageRoot(), 'bench', 'RESULTS.md'))
