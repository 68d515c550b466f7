-- For wrk: no two requests of a connection have the same head, as a proxy's that numbers them have not.

local number = 0

request = function()
  number = number + 1
  wrk.headers["X-Request-Id"] = string.format("%012d", number)
  return wrk.format()
end
