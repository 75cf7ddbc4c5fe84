import { CAPS, COMMON } from './script-common.ts';

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
    local st = stored_value(key)
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
        -- Others that bring what is somebody's own do not send it for them: it stays due.
        call('SETRANGE', P .. 'v:' .. key, 2, struct.pack('>dd', e, st.loc and st.s or c.s))
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
for at = 11, #ARGV, 4 do
  -- One that fails must not make those before it look as if they had.
  local ok, outcome = pcall(put, ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
  outcomes[#outcomes + 1] = ok and outcome or '!' .. (type(outcome) == 'table' and outcome.err or tostring(outcome))
end
return { outcomes, evicted, grew() }
`;
