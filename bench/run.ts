import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { packageRoot } from '../server/lib/packageRoot.ts'
import { median, type Report, shown } from './report.ts'

/** Runs each bench in a process of its own, prints what it finds, and writes bench/RESULTS.md. With names, only those. */

const BENCHES = ['pipeline', 'insert', 'orders', 'pnl', 'funds', 'pools', 'page']

const asked = process.argv.slice(2)
const unknown = asked.find(name => !BENCHES.includes(name))
if (unknown !== undefined) {
  console.error(`bench: found "${unknown}", expected ${BENCHES.join(', ')}`)
  process.exit(2)
}

const reports: Report[] = []
for (const name of asked.length > 0 ? asked : BENCHES) {
  console.log(`\n== ${name}`)
  const { status, stdout } = spawnSync(process.execPath, [join(packageRoot(), 'dist', 'bench', `${name}.js`)], {
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

if (asked.length === 0) {
  const { model } = cpus()[0]!
  const machine = `${cpus().length} × ${model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform}, Node ${process.version}`
  const sections = reports.map(({ name, method, figures }) => {
    const rows = figures.map(({ what, rounds, unit, beside }) => {
      const range = `${shown(Math.min(...rounds))} to ${shown(Math.max(...rounds))}`
      return `| ${what} | ${shown(median(rounds))} ${unit}${beside ? ` ${beside}` : ''} | ${range} | ${rounds.length} |`
    })
    return `## ${name}\n\n${method}\n\n| | median | range | rounds |\n| --- | --- | --- | --- |\n${rows.join('\n')}\n`
  })
  const text = `# Results of \`npm run bench\`\n\nWritten by the harness, ${new Date().toISOString().slice(0, 10)}, on ${machine}. Such machines are shared and noisy: hold\nagainst each other what was measured in one run, and quote ratios and medians.\n\n${sections.join('\n')}`
  writeFileSync(join(packageRoot(), 'bench', 'RESULTS.md'), text)
  console.log('\nwritten: bench/RESULTS.md')
}
