-- Take one slot of a workspace's request window, in one step that no other process can interrupt.
--
-- KEYS    1-3  the slots of each lane: interactive, sync, checks (sorted sets: slot -> when it becomes free)
--         4 5  until when Notion has us pause, until when it blocks us
--         6    exists while somebody browses
--         7 8  when the pause was written, when the block was
-- ARGV    1    now
--         2    the lane: 1 interactive, 2 sync, 3 checks
--         3    the limit of the window
--         4    the limit of sync and checks together while somebody browses
--         5    the limit of checks
--         6 7  the name of the slot, and when it becomes free if its request never returns
--         8    the length of the window
--         9    how long the keys of slots live
--        10    the limit of sync and checks together while nobody browses
--        11    for how long a person is taken to browse
--        12    how far clocks may differ
-- RESULT  {what, when to try again}; what is "taken" (0), "blocked", "paused", "spent",
--         or "checks" when only the share of checks is spent
--
-- All times and lengths are in milliseconds.

local now, lane, window = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[8])
local latest = now + tonumber(ARGV[12])
local function until_of(key, since)
  if tonumber(redis.call('GET', since) or '0') > latest then return 0 end
  return tonumber(redis.call('GET', key) or '0')
end
local blocked, paused = until_of(KEYS[5], KEYS[8]), until_of(KEYS[4], KEYS[7])
if blocked > now then return {'blocked', blocked} end
if paused > now then return {'paused', paused} end

local used = {}
for i = 1, 3 do
  redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', '(' .. ARGV[1])
  -- No slot is held longer than one whose request never returns: the clock was set back.
  redis.call('ZREMRANGEBYSCORE', KEYS[i], tonumber(ARGV[7]) + tonumber(ARGV[12]) + 1, '+inf')
  used[i] = redis.call('ZCARD', KEYS[i])
end

-- When enough slots of these lanes are free again: for a person the first, for others enough to go on with, since a
-- drain for each single slot would spend them on beginning again. A request in flight is expected to return soon.
local sync_limit = tonumber(redis.call('EXISTS', KEYS[6]) == 1 and ARGV[4] or ARGV[10])
local worth = lane == 1 and 1 or math.max(1, math.floor(sync_limit / 4))
local function resume(first, last, over)
  local all = {}
  for i = first, last do
    local found = redis.call('ZRANGE', KEYS[i], 0, over + worth - 1, 'WITHSCORES')
    for j = 2, #found, 2 do table.insert(all, math.min(tonumber(found[j]), now + window)) end
  end
  table.sort(all)
  return all[math.min(over + worth, #all)]
end

local over = used[1] + used[2] + used[3] - tonumber(ARGV[3])
local sync_over = lane > 1 and used[2] + used[3] - sync_limit or -1
local checks_over = lane == 3 and used[3] - tonumber(ARGV[5]) or -1
if over < 0 and sync_over < 0 and checks_over < 0 then
  if lane == 1 then redis.call('SET', KEYS[6], 1, 'PX', ARGV[11]) end
  redis.call('ZADD', KEYS[lane], ARGV[7], ARGV[6])
  redis.call('PEXPIRE', KEYS[lane], ARGV[9])
  return {'taken', 0}
end

local at = now
if over >= 0 then at = math.max(at, resume(1, 3, over)) end
if sync_over >= 0 then at = math.max(at, resume(2, 3, sync_over)) end
if over >= 0 or sync_over >= 0 then return {'spent', at + 1} end
return {'checks', resume(3, 3, checks_over) + 1}
