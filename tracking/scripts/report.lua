-- Take what another process than the job's own has counted, and keep the sums of each stage.
--
-- The races this closes. Reports of several processes come in any order, and are sent again when
-- their answer was lost. Each says how much one attempt of one unit has done in all, so that it may
-- come twice; one of an earlier attempt than was seen changes nothing, one of a later attempt
-- takes the earlier one's place. A cluster does the tasks of a dead worker again elsewhere, where
-- attempts are counted from 1: an earlier attempt that began later takes the place, too. Where the
-- flow itself begins again, the generation changes, and what belongs to an earlier one is not
-- counted.
--
-- KEYS  1 ledger   2 lease   3 request
-- ARGV  1 time to live, s   2 wish: `start`, `complete` or empty   3 its stage
--       4 generation of who wishes it, or empty   5 message and figures, or empty
--       6 what is expected, `{"seconds": {stage: seconds}, "size": size}`, or empty
--       7... seven for each unit: key, attempt, generation or empty, stage or empty, completed,
--       total, when it began, ms
-- Gives {generation, stage, born, status, request, leased}: where a unit that named no generation or
-- stage was counted, when this ledger began, the job's status, what it is asked, and 1 while its
-- process lives; nothing where no job has been announced.
-- Who reports nothing asks for this alone, and keeps no ledger alive whose job is lost.

local ledger = KEYS[1]
local now = redis.call('HMGET', ledger, 'generation', 'stage', 'born', 'status')
local generation, stage = now[1], now[2]
if not generation then
  return {}
end

for i = 7, #ARGV, 7 do
  local unit, attempt, of = 'unit:' .. ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2]
  if of == '' or of == generation then
    local completed, total = tonumber(ARGV[i + 4]), tonumber(ARGV[i + 5])
    local began = tonumber(ARGV[i + 6])
    local stored = redis.call('HGET', ledger, unit)
    local seen, was_completed, was_total, was_began, was_stage = -1, 0, 0, 0, stage
    if stored then
      local a, c, t, b, s = string.match(stored, '^(%d+) (%d+) (%d+) (%d+) (.*)$')
      seen, was_completed, was_total = tonumber(a), tonumber(c), tonumber(t)
      was_began, was_stage = tonumber(b), s
    end
    if attempt >= seen or began > was_began then
      local at = ARGV[i + 3]
      if at == '' then
        at = was_stage
      end
      if attempt == seen and at == was_stage then
        completed = math.max(completed, was_completed)
      end
      began = math.max(began, was_began)
      local now_stored = string.format('%d %d %d %.0f %s', attempt, completed, total, began, at)
      redis.call('HSET', ledger, unit, now_stored)
      -- Not -x: of 0 that is -0 in Lua, which Redis before 7.2 writes so, and takes for no number.
      -- No test sees that, for their Redis is a later one.
      redis.call('HINCRBY', ledger, 'completed:' .. was_stage, 0 - was_completed)
      redis.call('HINCRBY', ledger, 'total:' .. was_stage, 0 - was_total)
      redis.call('HINCRBY', ledger, 'completed:' .. at, completed)
      redis.call('HINCRBY', ledger, 'total:' .. at, total)
    end
  end
end

local function keep(name, what)
  local number = redis.call('HINCRBY', ledger, name .. '_number', 1)
  redis.call('HSET', ledger, name, number .. ' ' .. what)
end

-- A late start by one task must not take the place of another's completion: each is kept.
if ARGV[2] ~= '' and (ARGV[4] == '' or ARGV[4] == generation) then
  keep(ARGV[2], ARGV[3])
end
if ARGV[5] ~= '' then
  keep('said', ARGV[5])
end
-- All of it is kept, for the job may read it only when more was said.
if ARGV[6] ~= '' then
  local known = cjson.decode(redis.call('HGET', ledger, 'expected') or '{"seconds":{}}')
  local told = cjson.decode(ARGV[6])
  for each, seconds in pairs(told.seconds) do
    known.seconds[each] = seconds
  end
  known.size = told.size or known.size
  redis.call('HSET', ledger, 'expected', cjson.encode(known))
end
if #ARGV > 6 or ARGV[2] ~= '' or ARGV[5] ~= '' or ARGV[6] ~= '' then
  redis.call('EXPIRE', ledger, ARGV[1])
end
return {
  generation, stage, now[3], now[4],
  redis.call('GET', KEYS[3]) or '', tostring(redis.call('EXISTS', KEYS[2])),
}
