// A core's clearing house as a process of its own, over a ledger in Redis: it follows, leads when it can, and then deposits as fast as it is
// answered, each under a key of its own. It reports what was acknowledged to its parent, and asks for whatever was not answered under its key.
//   node ledgerCore.mjs FILE URL NAME

import { openThreadPort } from '../../../dist/server/clearing/threadPort.js'
import { readRedisAddress } from '../../../dist/server/config/redisAddress.js'

const [file, url, name] = process.argv.slice(2)
const LANES = 8
const UNIT = 10n ** 18n

const address = readRedisAddress('redis-journal', url)
const place = { file, redis: { address, mayLose: false, repairs: false } }
const house = await openThreadPort(place, { following: seq => process.send({ following: seq }) })
process.send({ leads: house.term, entries: house.entriesAtStart })
house.unsound.catch(error => {
  process.send({ ended: error.message })
  process.disconnect()
})

const ask = (command, who = 'admin') => house.ask('execute', { command, who, t: Date.now() })
const retried = async work => {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (house.stats().state === 'closed') return undefined
      process.send({ refused: error.message })
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
}
await retried(() => ask({ kind: 'register', client: 'ann' }, 'system'))

let n = 0
let closing = false
const lane = async () => {
  while (!closing && house.stats().state !== 'closed') {
    const key = `${name}-${process.pid}-${++n}`
    const done = await retried(() => ask({ kind: 'deposit', key, client: 'ann', asset: 'BTC', amount: UNIT }))
    if (done === undefined) return
    const { seq } = JSON.parse(done.order)
    process.send({ acked: key, seq, at: Date.now() })
  }
}
const lanes = Promise.all(Array.from({ length: LANES }, lane))
process.on('message', async () => {
  closing = true
  await lanes
  await house.close()
  process.send({ closed: true })
  process.disconnect()
})
