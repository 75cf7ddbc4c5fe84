import { COMMON } from './script-common.ts';

/** ARGV: key, the row as it was read. 1 when it was removed. */
export const REMOVE_SCRIPT: string = `${COMMON}
local row = call('GET', P .. 'v:' .. ARGV[1])
if row ~= ARGV[2] then return 0 end
local r = intact_value(ARGV[1], row)
if r then take_value(ARGV[1], r) end
return 1
`;

/** ARGV: key, id, the row as it was read. 1 when it was removed. */
export const REMOVE_PROVIDER_SCRIPT: string = `${COMMON}
local row = call('HGET', P .. 'p:' .. ARGV[1], ARGV[2])
if row ~= ARGV[3] then return 0 end
local r = intact_provider(ARGV[1], ARGV[2], row)
if r then take_provider(ARGV[1], ARGV[2], r) end
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
