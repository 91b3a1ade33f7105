-- Put a new snapshot of a job in place, tell those who listen, and keep it for those who come
-- back: all or nothing.
--
-- The races this closes. A writer that timed out does not know whether its write arrived; it
-- sends the next one, and the old one may still come after it. A process that was replaced (the
-- flow is retried elsewhere) may go on writing. A report may come after the job's end. None of
-- these may overwrite what is newer, and no reader may see one without the other.
--
-- KEYS  1 snapshot, also the channel's name   2 stream of events
-- ARGV  1 snapshot as JSON   2 its attempt   3 its seq   4 time to live, s   5 length of stream
-- Gives {verdict, seq}: `written`, or why not and the seq that stands.

local json, attempt, seq = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local ends = {completed = true, failed = true, cancelled = true, timeout = true}

local stored = redis.call('GET', KEYS[1])
if stored then
  local readable, now = pcall(cjson.decode, stored)
  if readable and type(now) == 'table' and tonumber(now.attempt) and tonumber(now.seq) then
    if attempt < now.attempt then
      return {'superseded', now.seq}
    end
    if attempt == now.attempt and ends[now.status] then
      return {'ended', now.seq}
    end
    if seq <= now.seq then
      return {'older', now.seq}
    end
  end
end

redis.call('SET', KEYS[1], json, 'EX', ARGV[4])
local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '~', ARGV[5], seq .. '-0', 'snapshot', json)
if added.err then
  -- The snapshot was lost (evicted, deleted) and the stream of an older count was not.
  redis.call('DEL', KEYS[2])
  redis.call('XADD', KEYS[2], seq .. '-0', 'snapshot', json)
end
redis.call('EXPIRE', KEYS[2], ARGV[4])
redis.call('PUBLISH', KEYS[1], json)
return {'written', seq}
