-- Posts each passenger in turn with an id of its own, and prints what came of it as one JSON line.
-- Arguments: the file of body templates, the first id, the time-out in ms, and each header as "Name: value".

local before, after = {}, {}
local head, first, sent
local the_thread

-- Global, because wrk reads them out of the thread's state at the end.
ok, refused, timeout_ms = 0, 0, 0

function setup(thread)
  the_thread = thread
end

function init(args)
  for line in io.lines(args[1]) do
    local from, to = line:find("@ID@", 1, true)
    before[#before + 1] = line:sub(1, from - 1)
    after[#after + 1] = line:sub(to + 1)
  end
  first, sent = tonumber(args[2]), 0
  head = "POST " .. wrk.path .. " HTTP/1.1\r\nHost: " .. wrk.host .. ":" .. wrk.port ..
    "\r\n"
  timeout_ms = tonumber(args[3])
  for place = 4, #args do
    head = head .. args[place] .. "\r\n"
  end
  head = head .. "Content-Length: "
end

function request()
  local position = sent % #before + 1
  local body = before[position] .. string.format("%.0f", first + sent) .. after[position]
  sent = sent + 1
  return head .. #body .. "\r\n\r\n" .. body
end

function response(status)
  if status == 200 then
    ok = ok + 1
  else
    refused = refused + 1
  end
end

function done(summary, latency)
  local broken = summary.errors.connect + summary.errors.read + summary.errors.write
  local late, refused = summary.errors.timeout, the_thread:get("refused")
  -- wrk's latencies are without the answers that came too late; here these count as failed.
  local good = math.max(0, the_thread:get("ok") - late)
  local total = good + refused + broken + late

  -- What failed counts as if it had taken the whole time-out: the slowest of all.
  local function quantile(part)
    if total == 0 then return 0 end
    if part * total > good then return tonumber(the_thread:get("timeout_ms")) end
    return latency:percentile(100 * part * total / good) / 1e3
  end

  io.write(string.format(
    'SUMMARY {"ok": %d, "refused": %d, "broken": %d, "timeouts": %d, "seconds": %.6f, ' ..
    '"p50_ms": %.3f, "p99_ms": %.3f}\n',
    good, refused, broken, late, summary.duration / 1e6, quantile(0.5), quantile(0.99)))
end
