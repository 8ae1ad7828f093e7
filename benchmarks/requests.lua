-- Sends the prepared requests of a file in turn: METHOD, path, body and access token on a line, separated by tabs. Prints JSON.
-- wrk -s requests.lua URL -- FILE

local requests, position = {}, 0

function init(arguments)
  for line in io.lines(arguments[1]) do
    local method, path, body, token = line:match("^(%S+)\t(%S+)\t([^\t]*)\t(.*)$")
    local headers = {
      ["Content-Type"] = body ~= "" and "application/json" or nil,
      ["Authorization"] = token ~= "" and "Bearer " .. token or nil,
    }
    requests[#requests + 1] = wrk.format(method, path, headers, body ~= "" and body or nil)
  end
end

function request()
  position = position % #requests + 1
  return requests[position]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nRESULT {"requests": %d, "seconds": %f, "failed": %d, "p50_ms": %f, "p99_ms": %f}\n',
    summary.requests, summary.duration / 1e6, errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
