"""What is done to the copy at once or not at all: Lua, which Redis runs by itself.

A partition is written by whoever owns it, and for a moment that may be two. So every write says how far the partition
was when it was made up, and is refused when somebody else has written since: nothing older replaces what is newer.
"""

LOOK = """
for place, kind in ipairs({'hash', 'string', 'hash', 'hash'}) do
  local found = redis.call('TYPE', KEYS[place]).ok
  if found ~= kind and found ~= 'none' then
    return false
  end
end
for place, command in ipairs({'EXISTS', 'STRLEN', 'HLEN', 'HLEN'}) do
  local length = redis.call(command, KEYS[place])
  if place > 1 and length ~= tonumber(redis.call('HGET', KEYS[1], KEYS[place]) or '0') then
    return false
  end
end
return redis.call('HGETALL', KEYS[1])
"""
"""Keys: head, plan, standings, alerts. Gives the fields and values of the head, and nothing where a key is of another
type or length than the head says."""

BEGIN = """
local function head(field) return redis.call('HGET', KEYS[1], field) end
if ARGV[3] == '0' and head('log') == ARGV[1] and head('shards') == ARGV[2] then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
redis.call('HSET', KEYS[1], 'log', ARGV[1], 'shards', ARGV[2])
return 1
"""
"""Keys: head, plan, standings, alerts. Arguments: log, shards, 1 where what is there is damaged. Begins an empty copy
unless there is one of this log."""

PLAN = """
if redis.call('HGET', KEYS[1], 'log') ~= ARGV[1] then
  return 0
end
local has = tonumber(redis.call('HGET', KEYS[1], 'revision') or '0')
if has > tonumber(ARGV[2]) or (has == tonumber(ARGV[2]) and redis.call('EXISTS', KEYS[2]) == 1) then
  return 0
end
redis.call('SET', KEYS[2], ARGV[3])
redis.call('HSET', KEYS[1], 'revision', ARGV[2], KEYS[2], redis.call('STRLEN', KEYS[2]))
return 1
"""
"""Keys: head, plan. Arguments: log, revision, plan. Writes the plan unless a later one is there."""

PUT = """
local function head(field) return redis.call('HGET', KEYS[1], field) or '' end
if head('log') ~= ARGV[1] or head('revision') ~= ARGV[2] or head(ARGV[3]) ~= ARGV[4] then
  return 0
end
if redis.call('HLEN', KEYS[2]) ~= tonumber(redis.call('HGET', KEYS[1], KEYS[2]) or '0') then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[3], ARGV[5])
if ARGV[7] > head(ARGV[6]) then
  redis.call('HSET', KEYS[1], ARGV[6], ARGV[7])
end
local dropped = tonumber(ARGV[8])
for place = 9, 8 + dropped do
  redis.call('HDEL', KEYS[2], ARGV[place])
end
for place = 9 + dropped, #ARGV, 2 do
  redis.call('HSET', KEYS[2], ARGV[place], ARGV[place + 1])
end
redis.call('HSET', KEYS[1], KEYS[2], redis.call('HLEN', KEYS[2]))
return 1
"""
"""Keys: head, hash. Arguments: log, revision, field of the partition's progress, what that must be, what it becomes,
a field that only grows and what it grows to, how many fields of the hash are dropped, these, and fields with values."""
