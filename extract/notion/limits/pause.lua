-- Keep the longer of two pauses, unless the one that is there was written under a wrong clock.
--
-- KEYS    1    until when to pause
--         2    when that was written
-- ARGV    1    until when to pause now
--         2    how long the keys live
--         3    now
--         4    how far clocks may differ
-- RESULT  none
--
-- All times and lengths are in milliseconds.

local wrong = tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[3]) + tonumber(ARGV[4])
if wrong or tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  redis.call('SET', KEYS[2], ARGV[3], 'PX', ARGV[2])
end
