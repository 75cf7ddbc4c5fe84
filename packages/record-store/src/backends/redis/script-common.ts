import { MAX_ID_BYTES, MAX_ORIGIN_LENGTH } from '../../limits.ts';
import { MAX_RANK_BYTES } from '../../validators/validator.ts';

/**
 * What every script starts with: rows (core/stored-codec.ts), accounting, eviction, and the decision of
 * core/admission.ts a second time. Tests hold both against one reference.
 *
 * Every key starts with KEYS[1], which holds the hash tag, so all of a namespace is on one node of a cluster:
 *   v:<key>       value row                 i        value keys, for scans in order
 *   p:<key>       providers' rows by id; under the empty id "revision remote local position"
 *   x:<v|p><l|r>  expiries of values / providers, local / remote          y   rows of local providers
 *   u             usage, and under n the newest revision    q:<origin>  usage of an origin    z:<origin>  its expiries    s  origins
 */
export const COMMON: string = `
local P = KEYS[1]
local call = redis.call
local evicted = {}

local function corrupt() error('RECORDCORRUPT a row that is none') end

local function decode(row, format)
  if #row < 18 or string.byte(row, 1) ~= format then corrupt() end
  local _, bits, e, s, at = struct.unpack('>BBdd', row)
  if bits > 15 or not (e >= 0) or not (s >= 0) or s == math.huge then corrupt() end
  local r = { e = e, s = s, loc = bits % 2 == 1, row = row }
  local function field(bit, max)
    if math.floor(bits / bit) % 2 == 0 then return nil end
    local n = struct.unpack('>I2', row, at)
    if n > max or at + 1 + n > #row then corrupt() end
    local bytes = string.sub(row, at + 2, at + 1 + n)
    at = at + 2 + n
    return bytes
  end
  r.publisher = field(2, ${MAX_ID_BYTES})
  r.rank = field(4, ${MAX_RANK_BYTES})
  r.origin = field(8, ${4 * MAX_ORIGIN_LENGTH})
  r.at = at
  r.rest = string.sub(row, at)
  return r
end

local function value_row(key, row)
  local r = decode(row, 1)
  r.bytes = #key + #r.rest + (r.publisher and #r.publisher or 0)
  return r
end

local function provider_row(key, id, row)
  local r = decode(row, 2)
  if r.publisher or r.rank or #r.rest < 6 then corrupt() end
  -- Characters count, not bytes of UTF-8: two for those beyond the basic plane, as in JavaScript.
  r.addresses = string.sub(r.rest, 7)
  local bytes, at = #key + #id, 1
  while at <= #r.addresses do
    local n = struct.unpack('>I2', r.addresses, at)
    if at + 1 + n > #r.addresses then corrupt() end
    for i = at + 2, at + 1 + n do
      local b = string.byte(r.addresses, i)
      if b < 128 or b >= 192 then bytes = bytes + (b >= 240 and 2 or 1) end
    end
    at = at + 2 + n
  end
  r.bytes = bytes
  return r
end

local function side(loc) return loc and 'l' or 'r' end
local function number(e) return e == math.huge and '+inf' or string.format('%.17g', e) end
local function usage(loc, what) return tonumber(call('HGET', P .. 'u', side(loc) .. what) or 0) end
local function of_origin(origin, what) return tonumber(call('HGET', P .. 'q:' .. origin, what) or 0) end

-- kind is 'v' or 'p'; what it counts as is 'r'(ecords) or 'p'(roviders).
local function count(kind, r, sign)
  local what = kind == 'v' and 'r' or 'p'
  local entries = call('HINCRBY', P .. 'u', side(r.loc) .. what, sign)
  call('HINCRBY', P .. 'u', side(r.loc) .. 'b', sign * r.bytes)
  -- Where nothing is, nothing counts, whatever damaged rows were taken for.
  if entries == 0 and usage(r.loc, kind == 'v' and 'p' or 'r') == 0 then call('HSET', P .. 'u', side(r.loc) .. 'b', 0) end
  if r.origin then
    local q = P .. 'q:' .. r.origin
    local left = call('HINCRBY', q, what, sign)
    call('HINCRBY', q, 'b', sign * r.bytes)
    if sign > 0 then call('SADD', P .. 's', r.origin)
    elseif left == 0 and of_origin(r.origin, 'r') == 0 and of_origin(r.origin, 'p') == 0 then
      call('DEL', q)
      call('SREM', P .. 's', r.origin)
    end
  end
end

local function index(kind, member, r)
  if r.e ~= math.huge then call('ZADD', P .. 'x:' .. kind .. side(r.loc), number(r.e), member) end
  if r.origin then call('ZADD', P .. 'z:' .. r.origin, number(r.e), kind .. member) end
end

local function unindex(kind, member, r)
  call('ZREM', P .. 'x:' .. kind .. side(r.loc), member)
  if r.origin then call('ZREM', P .. 'z:' .. r.origin, kind .. member) end
end

local function member_of(key, id) return struct.pack('>I2', #key) .. key .. id end
local function split(member)
  local n = struct.unpack('>I2', member)
  return string.sub(member, 3, 2 + n), string.sub(member, 3 + n)
end

local function take_value(key, r)
  call('DEL', P .. 'v:' .. key)
  call('ZREM', P .. 'i', key)
  count('v', r, -1)
  unindex('v', key, r)
end

local function meta_of(key)
  local m = call('HGET', P .. 'p:' .. key, '')
  if not m then return { 0, 0, 0, 0 } end
  local t = {}
  for n in string.gmatch(m, '%d+') do t[#t + 1] = tonumber(n) end
  return t
end

-- Providers of a key in a class changed by n; last is the newest position.
local function set_meta(key, m, loc, n, last)
  local at = loc and 3 or 2
  if m[at] == 0 and n > 0 then call('HINCRBY', P .. 'u', side(loc) .. 'k', 1) end
  m[at] = m[at] + n
  if m[at] == 0 and n < 0 then call('HINCRBY', P .. 'u', side(loc) .. 'k', -1) end
  if m[2] + m[3] == 0 then call('DEL', P .. 'p:' .. key) return end
  -- No revision comes twice, not even when the key's last provider went and others came.
  call('HSET', P .. 'p:' .. key, '', string.format('%d %d %d %d', call('HINCRBY', P .. 'u', 'n', 1), m[2], m[3], last or m[4]))
end

local function take_provider(key, id, r)
  local member = member_of(key, id)
  call('HDEL', P .. 'p:' .. key, id)
  set_meta(key, meta_of(key), r.loc, -1)
  count('p', r, -1)
  unindex('p', member, r)
  if r.loc then call('ZREM', P .. 'y', member) end
end

-- What a row that cannot be read counted as, by the indexes that name it, which it leaves.
-- How many bytes that were, nobody knows: about as many as it has now, and no more than are counted.
local function damaged(kind, member, size)
  local r = { e = math.huge, bytes = size }
  for _, name in ipairs(call('SMEMBERS', P .. 's')) do
    if call('ZSCORE', P .. 'z:' .. name, kind .. member) then r.origin = name end
  end
  local known = r.origin or call('ZSCORE', P .. 'x:' .. kind .. 'r', member)
  local own = not known and call('ZSCORE', P .. 'x:' .. kind .. 'l', member)
  -- What never expires is in neither: this node's own, unless lives are unlimited.
  if kind == 'p' then r.loc = call('ZSCORE', P .. 'y', member) and true or false
  else r.loc = not known and (own or usage(true, 'r') > 0) and true or false end
  local counted = usage(r.loc, 'b')
  if r.origin then counted = math.min(counted, of_origin(r.origin, 'b')) end
  r.bytes = math.max(0, math.min(size, counted))
  return r
end

local function drop_value(key, row)
  if call('ZSCORE', P .. 'i', key) then take_value(key, damaged('v', key, #key + math.max(0, #row - 18)))
  else call('DEL', P .. 'v:' .. key) end
end

local function drop_provider(key, id, row)
  local m = meta_of(key)
  if call('HLEN', P .. 'p:' .. key) - 1 > m[2] + m[3] then call('HDEL', P .. 'p:' .. key, id)
  else take_provider(key, id, damaged('p', member_of(key, id), #key + #id + math.max(0, #row - 24))) end
end

-- Rows as they are stored. One that cannot be read counts as none, and is dropped.
local function intact_value(key, row)
  local ok, r = pcall(value_row, key, row)
  if ok then return r end
  drop_value(key, row)
  return nil
end

local function intact_provider(key, id, row)
  local ok, r = pcall(provider_row, key, id, row)
  if ok then return r end
  drop_provider(key, id, row)
  return nil
end

local function stored_value(key)
  local row = call('GET', P .. 'v:' .. key)
  return row and intact_value(key, row) or nil
end

local function stored_provider(key, id)
  local row = call('HGET', P .. 'p:' .. key, id)
  return row and intact_provider(key, id, row) or nil
end

-- Takes an entry out that an index names; returns its row. An index entry without a row is dropped.
local function take(kind, member, indexes)
  if kind == 'v' then
    local r = stored_value(member)
    if r then
      take_value(member, r)
      return r
    end
  else
    local key, id = split(member)
    local r = stored_provider(key, id)
    if r then
      take_provider(key, id, r)
      return r
    end
  end
  for _, name in ipairs(indexes) do call('ZREM', name, name == P .. 'x:' .. kind .. 'l' and member or name == P .. 'x:' .. kind .. 'r' and member or kind .. member) end
  return nil
end

local function evict(kind, member, why)
  if kind == 'v' then evicted[#evicted + 1] = { why, member, '' }
  else
    local key, id = split(member)
    evicted[#evicted + 1] = { why, key, id }
  end
end

-- Removes some of what is expired in an index; false when nothing is.
local function reclaim_index(name, kind, now)
  local members = call('ZRANGEBYSCORE', name, '-inf', number(now), 'LIMIT', 0, 16)
  for _, m in ipairs(members) do
    local k, member = kind or string.sub(m, 1, 1), kind and m or string.sub(m, 2)
    if take(k, member, { name }) then evict(k, member, 'expired') end
  end
  return #members > 0
end

local function reclaim(step, o, key, now)
  if step == 'records' then return reclaim_index(P .. 'x:v' .. side(o.loc), 'v', now) end
  if step == 'providers' then return reclaim_index(P .. 'x:p' .. side(o.loc), 'p', now) end
  if step == 'bytes' then return reclaim_index(P .. 'x:v' .. side(o.loc), 'v', now) or reclaim_index(P .. 'x:p' .. side(o.loc), 'p', now) end
  if step == 'origin' then return reclaim_index(P .. 'z:' .. o.origin, nil, now) end
  local found = false
  local all = call('HGETALL', P .. 'p:' .. key)
  for i = 1, #all, 2 do
    if all[i] ~= '' then
      local r = intact_provider(key, all[i], all[i + 1])
      if not r then found = true
      elseif not r.loc and r.e <= now then
        found = true
        evict('p', member_of(key, all[i]), 'expired')
        take_provider(key, all[i], r)
      end
    end
  end
  return found
end

local function compare(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x - y end
  end
  return #a - #b
end

local function fit_origin(o, bytes, stored, what, cap, caps)
  if not o.origin then return nil end
  local its = stored and stored.origin == o.origin
  local grown = bytes - (its and stored.bytes or 0)
  if (not its and of_origin(o.origin, what) + 1 > cap) or (grown > 0 and of_origin(o.origin, 'b') + grown > caps.ob) then return 'origin', 'quota' end
  return nil
end

local function grew() return { usage(false, 'r'), usage(false, 'b'), usage(false, 'k') } end
`;

/** Reads the first ten arguments: now and nine caps. */
export const CAPS: string = `
local now = tonumber(ARGV[1])
local caps = {}
for at, name in ipairs({ 'rr', 'rb', 'rk', 'rp', 'lr', 'lb', 'or', 'ob', 'op' }) do caps[name] = tonumber(ARGV[1 + at]) end
`;
