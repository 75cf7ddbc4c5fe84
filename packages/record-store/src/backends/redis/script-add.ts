import { CAPS, COMMON } from './script-common.ts';

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
    local st = stored_provider(key, id)
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
      local goes = revision == tostring(m[1]) and stored_provider(key, victim)
      if goes and not goes.loc then
        evict('p', member_of(key, victim), 'replaced')
        take_provider(key, victim, goes)
        write(nil)
        return 'inserted'
      end
      local rows = {}
      local all = call('HGETALL', hash)
      for i = 1, #all, 2 do
        -- None is damaged: those were dropped when room was made on this key.
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
