/** The keys of the ledger: all in one slot, so that one script may write them together. */
export const KEYS = { head: '{dw}:head', journal: '{dw}:journal', lease: '{dw}:lease' }

/** What stands in the lease if its holder has given it up. */
const FREE = 'free'

/**
 * Appends a commit if the head is the one that its writer knows. That is the fence: a new leader moves the head when it takes the lease, so
 * whatever an old one still sends is refused, whenever it arrives. A commit that is sent again because its reply was lost is there already; the
 * head is written again, because WAIT waits for nothing on a connection that has written nothing.
 */
export const APPEND = `
local head = redis.call('GET', KEYS[1])
if head == ARGV[2] then
  redis.call('SET', KEYS[1], head)
  return head
end
if head ~= ARGV[1] then return redis.error_reply('FENCED ' .. (head or 'nothing')) end
redis.call('XADD', KEYS[2], ARGV[3], 'h', ARGV[2], 'b', ARGV[4], 'c', ARGV[5])
redis.call('SET', KEYS[1], ARGV[2])
return ARGV[2]`

/**
 * Takes the lease if its holder has given it up, or, if `ARGV[4]` is 1, also if it has run out. The new term is above all before it, even if a
 * failover has lost the newest: it is no smaller than the time in seconds. The commit `<term>-0`, which has no entries, moves the head.
 * Returns the term and the head before; or how things are: 'held', 'over', or 'nothing' if there is no ledger and `ARGV[3]` brings none.
 */
export const TAKE = `
local lease = redis.call('GET', KEYS[3])
if lease and lease ~= '${FREE}' then return {'held', lease} end
if not lease and ARGV[4] ~= '1' then return {'over', ''} end
local head = redis.call('GET', KEYS[1]) or ARGV[3]
if head == '' then return {'nothing', ''} end
local term, rest = string.match(head, '^(%d+)%-%d+ (.*)$')
term = string.format('%d', math.max(tonumber(term) + 1, tonumber(redis.call('TIME')[1])))
local id = term .. '-0'
redis.call('XADD', KEYS[2], id, 'h', id .. ' ' .. rest, 'b', '', 'c', '')
redis.call('SET', KEYS[1], id .. ' ' .. rest)
redis.call('SET', KEYS[3], term .. ' ' .. ARGV[1], 'PX', ARGV[2])
return {term, head}`

/**
 * Renews a lease. One that has run out while nobody took it is taken again under the same term: Redis was away, and the head shows that no
 * other has led since. Returns 1; 0 if another holds it or has led.
 */
export const RENEW = `
local lease = redis.call('GET', KEYS[2])
if lease == ARGV[1] then return redis.call('PEXPIRE', KEYS[2], ARGV[2]) end
if lease then return 0 end
local head = redis.call('GET', KEYS[1])
if not head or tonumber(string.match(head, '^%d+')) > tonumber(string.match(ARGV[1], '^%d+')) then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1`

/** Gives a lease up, so that the next core need not wait until it runs out. */
export const RELEASE = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], '${FREE}')
return 1`
