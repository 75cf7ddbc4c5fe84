/**
 * What every script starts with: rows (core/stored-codec.ts), accounting, eviction, and the decision of
 * core/admission.ts a second time. Tests hold both against one reference.
 *
 * Every key starts with KEYS[1], which holds the hash tag, so all of a namespace is on one node of a cluster:
 *   v:<key>       value row                 i        value keys, for scans in order
 *   p:<key>       providers' rows by id; under the empty id "revision remote local position"
 *   x:<v|p><l|r>  expiries of values / providers, local / remote          y   rows of local providers
 *   u             usage    q:<origin>  usage of an origin    z:<origin>  its expiries    s  origins
 */
const COMMON = `
local P = KEYS[1]
local call = redis.call
local evicted = {}

local function decode(row, format)
  if #row < 18 or string.byte(row, 1) ~= format then error('RECORDCORRUPT a row that is none') end
  local _, bits, e, s, at = struct.unpack('>BBdd', row)
  local r = { e = e, s = s, loc = bits % 2 == 1, row = row }
  local function field(bit)
    if math.floor(bits / bit) % 2 == 0 then return nil end
    local n = struct.unpack('>I2', row, at)
    local bytes = string.sub(row, at + 2, at + 1 + n)
    at = at + 2 + n
    return bytes
  end
  r.publisher = field(2)
  r.rank = field(4)
  r.origin = field(8)
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
  -- Characters count, not bytes of UTF-8: two for those beyond the basic plane, as in JavaScript.
  r.addresses = string.sub(r.rest, 7)
  local bytes, at = #key + #id, 1
  while at <= #r.addresses do
    local n = struct.unpack('>I2', r.addresses, at)
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
  call('HINCRBY', P .. 'u', side(r.loc) .. what, sign)
  call('HINCRBY', P .. 'u', side(r.loc) .. 'b', sign * r.bytes)
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
  call('HSET', P .. 'p:' .. key, '', string.format('%d %d %d %d', m[1] + 1, m[2], m[3], last or m[4]))
end

local function take_provider(key, id, r)
  local member = member_of(key, id)
  call('HDEL', P .. 'p:' .. key, id)
  set_meta(key, meta_of(key), r.loc, -1)
  count('p', r, -1)
  unindex('p', member, r)
  if r.loc then call('ZREM', P .. 'y', member) end
end

-- Takes an entry out that an index names; returns its row. An index entry without a row is dropped.
local function take(kind, member, indexes)
  if kind == 'v' then
    local row = call('GET', P .. 'v:' .. member)
    if row then
      local r = value_row(member, row)
      take_value(member, r)
      return r
    end
  else
    local key, id = split(member)
    local row = call('HGET', P .. 'p:' .. key, id)
    if row then
      local r = provider_row(key, id, row)
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
      local r = provider_row(key, all[i], all[i + 1])
      if not r.loc and r.e <= now then
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

const CAPS = `
local now = tonumber(ARGV[1])
local caps = {}
for at, name in ipairs({ 'rr', 'rb', 'rk', 'rp', 'lr', 'lb', 'or', 'ob', 'op' }) do caps[name] = tonumber(ARGV[1 + at]) end
`;

/** ARGV: now, nine caps, then for each candidate key, row, mode (0 none, 1 absent, 2 version), version. Answers with outcomes, evictions and remote usage. */
export const PUT_SCRIPT: string = `${COMMON}${CAPS}
local function judge(c, st, mode, version)
  if c.e <= now then return 'expired' end
  local live = st and st.e > now
  if mode == '1' and live then return 'conflict' end
  if mode == '2' and (not live or (st.rank or st.rest) ~= version) then return 'conflict' end
  if not live then return 'inserted' end
  local same = st.rest == c.rest
  if c.rank and st.rank then
    local order = compare(c.rank, st.rank)
    if order < 0 then return 'stale' end
    if order > 0 then return 'updated' end
    return same and 'refreshed' or 'conflict'
  end
  if same then return 'refreshed' end
  if not c.rank and (st.rank or (st.loc and not c.loc)) then return 'conflict' end
  return 'updated'
end

local function put(key, row, mode, version)
  local c = value_row(key, row)
  local exhausted = {}
  while true do
    local stored = call('GET', P .. 'v:' .. key)
    local st = stored and value_row(key, stored)
    local outcome = judge(c, st, mode, version)
    if outcome == 'expired' or outcome == 'stale' or outcome == 'conflict' then return outcome end
    local kept = outcome == 'refreshed' and not c.loc
    local o = kept and st or c
    local in_pool = st and st.loc == o.loc
    local grown = o.bytes - (in_pool and st.bytes or 0)
    local scope, reason
    if not in_pool and usage(o.loc, 'r') + 1 > caps[side(o.loc) .. 'r'] then scope, reason = 'records', 'at-capacity'
    elseif grown > 0 and usage(o.loc, 'b') + grown > caps[side(o.loc) .. 'b'] then scope, reason = 'bytes', 'at-capacity'
    else scope, reason = fit_origin(o, o.bytes, st, 'r', caps['or'], caps) end
    if not scope then
      if kept then
        local e = st.e
        if not st.loc then e = c.origin and math.max(st.e, c.e) or c.e end
        call('SETRANGE', P .. 'v:' .. key, 2, struct.pack('>dd', e, c.s))
        if e ~= st.e then
          st.e = e
          if e == math.huge then call('ZREM', P .. 'x:v' .. side(st.loc), key) end
          index('v', key, st)
        end
      else
        if st then
          count('v', st, -1)
          unindex('v', key, st)
        else call('ZADD', P .. 'i', 0, key) end
        call('SET', P .. 'v:' .. key, row)
        count('v', c, 1)
        index('v', key, c)
      end
      return outcome
    end
    if exhausted[scope] then return reason end
    if not reclaim(scope, o, key, now) then exhausted[scope] = true end
  end
end

local outcomes = {}
for at = 11, #ARGV, 4 do outcomes[#outcomes + 1] = put(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3]) end
return { outcomes, evicted, grew() }
`;

/** ARGV: now, nine caps, key, id, row, revision and victim of an earlier answer, or two empty ones. Answers as above, or with `choose`, the revision and the rows of the key's remote providers. */
export const ADD_SCRIPT: string = `${COMMON}${CAPS}
local key, id, row, revision, victim = ARGV[11], ARGV[12], ARGV[13], ARGV[14], ARGV[15]
local hash = P .. 'p:' .. key
local c = provider_row(key, id, row)
local member = member_of(key, id)

local function write(st)
  local m = meta_of(key)
  local position
  if st then
    position = string.sub(st.rest, 1, 6)
    count('p', st, -1)
    unindex('p', member, st)
    set_meta(key, m, c.loc, 0)
  else
    position = struct.pack('>I2I4', math.floor((m[4] + 1) / 4294967296), (m[4] + 1) % 4294967296)
    set_meta(key, m, c.loc, 1, m[4] + 1)
  end
  call('HSET', hash, id, string.sub(row, 1, c.at - 1) .. position .. string.sub(row, c.at + 6))
  count('p', c, 1)
  index('p', member, c)
  if c.loc then call('ZADD', P .. 'y', 0, member) end
end

local function add()
  if c.e <= now then return 'expired' end
  local exhausted = {}
  while true do
    local stored = call('HGET', hash, id)
    local st = stored and provider_row(key, id, stored)
    if st and st.loc ~= c.loc then
      -- Nodes that share a namespace: what one says of itself holds before what another heard of it.
      if st.loc and st.e > now then return 'refreshed' end
      take_provider(key, id, st)
      st = nil
    end
    local m = meta_of(key)
    local providers = c.loc and m[3] or m[2]
    local grown = c.bytes - (st and st.bytes or 0)
    local scope, reason
    if not c.loc and providers == 0 and usage(false, 'k') + 1 > caps.rk then scope, reason = 'providers', 'at-capacity'
    elseif not c.loc and grown > 0 and usage(false, 'b') + grown > caps.rb then scope, reason = 'bytes', 'at-capacity'
    else scope, reason = fit_origin(c, c.bytes, st, 'p', caps.op, caps) end
    if not scope and not c.loc and not st and providers + 1 > caps.rp then scope, reason = 'key', 'choose' end
    if not scope then
      write(st)
      if not st or st.e <= now then return 'inserted' end
      return st.addresses == c.addresses and 'refreshed' or 'updated'
    end
    if exhausted[scope] then
      if reason ~= 'choose' then return reason end
      if revision == tostring(m[1]) then
        evict('p', member_of(key, victim), 'replaced')
        take_provider(key, victim, provider_row(key, victim, call('HGET', hash, victim)))
        write(nil)
        return 'inserted'
      end
      local rows = {}
      local all = call('HGETALL', hash)
      for i = 1, #all, 2 do
        if all[i] ~= '' and not provider_row(key, all[i], all[i + 1]).loc then
          rows[#rows + 1] = all[i]
          rows[#rows + 1] = all[i + 1]
        end
      end
      return 'choose', tostring(m[1]), rows
    end
    if not reclaim(scope, c, key, now) then exhausted[scope] = true end
  end
end

local outcome, at_revision, rows = add()
return { { outcome, at_revision or '', rows or {} }, evicted, grew() }
`;

/** ARGV: key, the row as it was read. 1 when it was removed. */
export const REMOVE_SCRIPT: string = `${COMMON}
local row = call('GET', P .. 'v:' .. ARGV[1])
if row ~= ARGV[2] then return 0 end
take_value(ARGV[1], value_row(ARGV[1], row))
return 1
`;

/** ARGV: key, id, the row as it was read. 1 when it was removed. */
export const REMOVE_PROVIDER_SCRIPT: string = `${COMMON}
local row = call('HGET', P .. 'p:' .. ARGV[1], ARGV[2])
if row ~= ARGV[3] then return 0 end
take_provider(ARGV[1], ARGV[2], provider_row(ARGV[1], ARGV[2], row))
return 1
`;

/** ARGV: now, how many at most. Answers with records, providers and bytes that went, and 1 when there is more. */
export const EXPIRE_SCRIPT: string = `${COMMON}
local now, left = tonumber(ARGV[1]), tonumber(ARGV[2])
local records, providers, bytes = 0, 0, 0
for _, name in ipairs({ 'vr', 'pr', 'vl', 'pl' }) do
  local kind = string.sub(name, 1, 1)
  if left > 0 then
    for _, member in ipairs(call('ZRANGEBYSCORE', P .. 'x:' .. name, '-inf', number(now), 'LIMIT', 0, left)) do
      local r = take(kind, member, { P .. 'x:' .. name })
      left = left - 1
      if r then
        bytes = bytes + r.bytes
        if kind == 'v' then records = records + 1 else providers = providers + 1 end
      end
    end
  end
end
local more = 0
for _, name in ipairs({ 'vr', 'pr', 'vl', 'pl' }) do more = more + call('ZCOUNT', P .. 'x:' .. name, '-inf', number(now)) end
return { records, providers, bytes, more > 0 and 1 or 0 }
`;

/** What the node that holds the namespace evicts. */
export const POLICY_SCRIPT: string = `return redis.call('INFO', 'memory')`;
