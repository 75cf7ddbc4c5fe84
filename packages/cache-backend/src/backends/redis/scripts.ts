import { type Script, script } from './commands.ts';

/**
 * What the scripts work on; all in one slot of a cluster by their hash tag.
 * 1 entries  hash  key hash -> "token expiresAtMs tree pointer"
 * 2 access   zset  key hash -> µs of last access, each larger than the one before
 * 3 leases   zset  "tree:token" -> ms at which it ends
 * 4 in use   hash  tree -> leases
 * 5 pins     set   key hash
 * 6 builds   hash  key hash -> "token:ms at which it ends"
 * 7 meta     hash  clock, fence, epoch, turn, turnUntil
 */
export function keysOf(namespace: string): readonly string[] {
  return ['entries', 'access', 'leases', 'use', 'pins', 'builds', 'meta'].map((name) => `{${namespace}}:${name}`);
}

// Time is the server's alone. Leases that ended are taken away before anything is decided on them.
const PRELUDE = `
local t = redis.call('TIME')
local us = tonumber(t[1]) * 1000000 + tonumber(t[2])
local ms = math.floor(us / 1000)
local function text(n) return string.format('%.0f', n) end
local function tick()
  local last = tonumber(redis.call('HGET', KEYS[7], 'clock') or '0')
  if us <= last then us = last + 1 end
  redis.call('HSET', KEYS[7], 'clock', text(us))
  return text(us)
end
local function fence() return text(redis.call('HINCRBY', KEYS[7], 'fence', 1)) end
local function unuse(member)
  if redis.call('ZREM', KEYS[3], member) == 1 then
    local tree = string.sub(member, 1, 64)
    if redis.call('HINCRBY', KEYS[4], tree, -1) <= 0 then redis.call('HDEL', KEYS[4], tree) end
  end
end
local function expire()
  while true do
    local over = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', text(ms), 'LIMIT', 0, 500)
    for _, member in ipairs(over) do unuse(member) end
    if #over < 500 then return end
  end
end
local function lease(tree, duration)
  local token = fence()
  redis.call('ZADD', KEYS[3], text(ms + tonumber(duration)), tree .. ':' .. token)
  redis.call('HINCRBY', KEYS[4], tree, 1)
  return token
end
local function parse(value)
  local expires, tree = string.match(value, '^%d+ (%d+) (%x+) ')
  if tree == nil or #tree ~= 64 then return nil end
  return tree, tonumber(expires)
end
local function isOver(value)
  local tree, expires = parse(value)
  return tree == nil or (expires > 0 and expires <= ms)
end
local function drop(hash)
  redis.call('HDEL', KEYS[1], hash)
  redis.call('ZREM', KEYS[2], hash)
  redis.call('SREM', KEYS[5], hash)
end
`;

const of = (body: string): Script => script(PRELUDE + body);

/** hash, lease ms -> nil | 'corrupt', value | 'found', value, access, token, pinned */
export const FIND: Script = of(`
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then return false end
local tree, expires = parse(value)
if tree == nil then return {'corrupt', value} end
if expires > 0 and expires <= ms then return false end
expire()
local at = tick()
redis.call('ZADD', KEYS[2], at, ARGV[1])
return {'found', value, at, lease(tree, ARGV[2]), redis.call('SISMEMBER', KEYS[5], ARGV[1])}
`);

/** tree, lease ms -> token */
export const LEASE: Script = of(`
expire()
return lease(ARGV[1], ARGV[2])
`);

/** lease ms, members... -> those that are lost */
export const RENEW: Script = of(`
expire()
local lost = {}
for i = 2, #ARGV do
  if redis.call('ZSCORE', KEYS[3], ARGV[i]) then redis.call('ZADD', KEYS[3], text(ms + tonumber(ARGV[1])), ARGV[i])
  else lost[#lost + 1] = ARGV[i] end
end
return lost
`);

/** member */
export const RELEASE: Script = of(`
unuse(ARGV[1])
return 1
`);

/** hash, member, expires, tree, pointer, if absent, build token -> 'lost' | 'build-lost' | 'exists' | 'stored', value, access, pinned */
export const POINT: Script = of(`
expire()
if not redis.call('ZSCORE', KEYS[3], ARGV[2]) then return {'lost'} end
if ARGV[7] ~= '' then
  local token, ends = string.match(redis.call('HGET', KEYS[6], ARGV[1]) or '', '^(%d+):(%d+)$')
  if token ~= ARGV[7] or tonumber(ends) <= ms then return {'build-lost'} end
end
local before = redis.call('HGET', KEYS[1], ARGV[1])
if ARGV[6] == '1' and before and not isOver(before) then return {'exists'} end
local value = fence() .. ' ' .. ARGV[3] .. ' ' .. ARGV[4] .. ' ' .. ARGV[5]
local at = tick()
redis.call('HSET', KEYS[1], ARGV[1], value)
redis.call('ZADD', KEYS[2], at, ARGV[1])
return {'stored', value, at, redis.call('SISMEMBER', KEYS[5], ARGV[1])}
`);

/** hash, version or '' -> whether an entry went that was not expired; -1 when it is another one */
export const REMOVE: Script = of(`
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value then return 0 end
if ARGV[2] ~= '' and redis.sha1hex(value) ~= ARGV[2] then return -1 end
local tree, expires = parse(value)
drop(ARGV[1])
if tree ~= nil and expires > 0 and expires <= ms then return 0 end
return 1
`);

/** hash, version, access -> 'evicted' | 'leased' | 'changed' */
export const EVICT: Script = of(`
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value or redis.sha1hex(value) ~= ARGV[2] then return 'changed' end
if not isOver(value) then
  local at = redis.call('ZSCORE', KEYS[2], ARGV[1])
  if at and tonumber(at) > tonumber(ARGV[3]) then return 'changed' end
  if redis.call('SISMEMBER', KEYS[5], ARGV[1]) == 1 then return 'changed' end
end
expire()
local tree = parse(value)
if tree ~= nil and redis.call('HEXISTS', KEYS[4], tree) == 1 then return 'leased' end
drop(ARGV[1])
return 'evicted'
`);

/** -> trees in use */
export const IN_USE: Script = of(`
expire()
return redis.call('HKEYS', KEYS[4])
`);

/** hash -> whether there is such an entry */
export const PIN: Script = of(`
local value = redis.call('HGET', KEYS[1], ARGV[1])
if not value or isOver(value) then return 0 end
redis.call('SADD', KEYS[5], ARGV[1])
return 1
`);

/** hash, lease ms -> token or nil */
export const BUILD: Script = of(`
local ends = string.match(redis.call('HGET', KEYS[6], ARGV[1]) or '', '^%d+:(%d+)$')
if ends and tonumber(ends) > ms then return false end
local token = fence()
redis.call('HSET', KEYS[6], ARGV[1], token .. ':' .. text(ms + tonumber(ARGV[2])))
return token
`);

/** hash, token, lease ms (0: give back) -> whether it was held */
export const BUILD_RENEW: Script = of(`
local token, ends = string.match(redis.call('HGET', KEYS[6], ARGV[1]) or '', '^(%d+):(%d+)$')
if token ~= ARGV[2] then return 0 end
if ARGV[3] == '0' then redis.call('HDEL', KEYS[6], ARGV[1]) return 1 end
if tonumber(ends) <= ms then return 0 end
redis.call('HSET', KEYS[6], ARGV[1], token .. ':' .. text(ms + tonumber(ARGV[3])))
return 1
`);

/** -> epoch, or nil while blobs are being removed */
export const EPOCH: Script = of(`
local ends = redis.call('HGET', KEYS[7], 'turnUntil')
if ends and tonumber(ends) > ms then return false end
if ends then
  redis.call('HDEL', KEYS[7], 'turn', 'turnUntil')
  redis.call('HINCRBY', KEYS[7], 'epoch', 1)
end
return text(tonumber(redis.call('HGET', KEYS[7], 'epoch') or '0'))
`);

/** turn ms -> token or nil */
export const TURN: Script = of(`
local ends = redis.call('HGET', KEYS[7], 'turnUntil')
if ends and tonumber(ends) > ms then return false end
local token = fence()
redis.call('HINCRBY', KEYS[7], 'epoch', 1)
redis.call('HSET', KEYS[7], 'turn', token, 'turnUntil', text(ms + tonumber(ARGV[1])))
return token
`);

/** token */
export const TURN_END: Script = of(`
if redis.call('HGET', KEYS[7], 'turn') == ARGV[1] then redis.call('HDEL', KEYS[7], 'turn', 'turnUntil') end
return 1
`);

/** -> ms */
export const NOW: Script = of(`
return text(ms)
`);

/** Rights to build of processes that died. */
export const SWEEP: Script = of(`
expire()
local builds = redis.call('HGETALL', KEYS[6])
for i = 1, #builds, 2 do
  local ends = string.match(builds[i + 1], ':(%d+)$')
  if not ends or tonumber(ends) <= ms then redis.call('HDEL', KEYS[6], builds[i]) end
end
return 1
`);
