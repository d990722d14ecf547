import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { manifests } from './manifests.ts'
import { DEFAULTS } from './settings.ts'

/** `npm run -s kubernetes -- --config FILE [--image I] [--namespace N] [--host H] [--clickhouse URL] [--json] | kubectl apply -f -` */
const { values } = parseArgs({
  options: {
    config: { type: 'string' },
    image: { type: 'string', default: DEFAULTS.image },
    namespace: { type: 'string', default: DEFAULTS.namespace },
    host: { type: 'string', default: DEFAULTS.host },
    clickhouse: { type: 'string', default: DEFAULTS.clickhouse },
    json: { type: 'boolean', default: false },
  },
})
const { config, json, ...given } = values
const configuration = config === undefined ? '{ "feeds": ["sim"] }\n' : readFileSync(config, 'utf8')
const items = manifests({ ...DEFAULTS, ...given }, configuration)
process.stdout.write(
  json ? `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, null, 2)}\n` : items.map(item => `---\n${stringify(item)}`).join(''),
)
