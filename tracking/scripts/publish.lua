-- Put a new snapshot of a job in place, tell those who listen, keep it for those who come back,
-- renew the job's lease, and give what other processes have reported and what the job is asked:
-- all or nothing.
--
-- The races this closes. A writer that timed out does not know whether its write arrived; it
-- sends the next one, and the old one may still come after it. A process that was replaced (the
-- flow is retried elsewhere) may go on writing. Two runs may begin under one id before either has
-- seen the other: the first that writes has the job. A report may come after the job's end. None
-- of these may overwrite what is newer, and no reader may see one without the other. A generation
-- is one attempt of one process: what tasks of an earlier one still report must not be counted, so
-- a new generation begins with an empty ledger. A request is made to the attempt that stands when
-- it is made: a new attempt, or another run under the same id, must not be ended by an old one.
-- What is asked before any attempt stands, or between two tries of one process, when nobody heeds, is
-- meant for the one that comes. It stays until the job's end: an answer may be lost on its way.
--
-- KEYS  1 snapshot, also the channel's name   2 stream of events   3 ledger   4 lease
--       5 request
-- ARGV  1 snapshot as JSON   2 its attempt   3 its seq   4 its status   5 time to live, s
--       6 length of stream   7 generation, empty for who only ends a job   8 stage in work
--       9 time to live of the lease, ms   10 its run   11 1 if an earlier attempt's request goes
-- Gives {verdict, seq, completed, total, begun, done, said, expected, request}: `written`, or why
-- not, the seq that stands, of the ledger the sums of the stage in work, the last stages that tasks
-- have started and completed, their last message and all they expect; and what the job is asked.

local json, attempt, seq, status = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local generation, stage, run = ARGV[7], ARGV[8], ARGV[10]
local ends = {completed = true, failed = true, cancelled = true, timeout = true}

local function field(name, otherwise)
  return redis.call('HGET', KEYS[3], name) or otherwise
end

local now = redis.call('HMGET', KEYS[3], 'attempt', 'seq', 'status', 'generation', 'stage', 'run')

local function refused(why)
  return {why, tonumber(now[2]), 0, 0, '', '', '', '', ''}
end

if now[1] then
  local replaced = attempt < tonumber(now[1])
  if replaced or (attempt == tonumber(now[1]) and (now[6] or run) ~= run) then
    return refused('superseded')
  end
  if attempt == tonumber(now[1]) and ends[now[3]] then
    return refused('ended')
  end
  if seq <= tonumber(now[2]) then
    return refused('older')
  end
end

if now[1] and attempt ~= tonumber(now[1]) and ARGV[11] == '1' then
  redis.call('DEL', KEYS[5])
end
if generation ~= '' and generation ~= now[4] then
  redis.call('DEL', KEYS[3])
  local time = redis.call('TIME')
  redis.call('HSET', KEYS[3], 'generation', generation, 'born', time[1] .. '.' .. time[2])
  now[5] = false
end
redis.call('HSET', KEYS[3], 'attempt', attempt, 'seq', seq, 'status', status, 'run', run)
if stage ~= now[5] then
  redis.call('HSET', KEYS[3], 'stage', stage)
end
redis.call('EXPIRE', KEYS[3], ARGV[5])

redis.call('SET', KEYS[1], json, 'EX', ARGV[5])
local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[6], seq .. '-0', 'snapshot', json)
if added.err then
  -- The ledger was lost (evicted, deleted) and the stream of an older count was not.
  redis.call('DEL', KEYS[2])
  redis.call('XADD', KEYS[2], seq .. '-0', 'snapshot', json)
end
redis.call('EXPIRE', KEYS[2], ARGV[5])
if ends[status] then
  redis.call('DEL', KEYS[4], KEYS[5])
elseif generation ~= '' then
  redis.call('SET', KEYS[4], generation, 'PX', ARGV[9])
end
redis.call('PUBLISH', KEYS[1], json)
return {
  'written', seq,
  tonumber(field('completed:' .. stage, 0)), tonumber(field('total:' .. stage, 0)),
  field('start', ''), field('complete', ''), field('said', ''), field('expected', ''),
  redis.call('GET', KEYS[5]) or '',
}
