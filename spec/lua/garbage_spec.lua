--- What reading costs the collector: nothing where nothing is new.
local b = require "spec.support.build"
local long = require "spec.support.long"
local tap = require "moontap"

local ADDRESSES <const>, READS <const> = 4096, long and 10000000 or 500000

--- Owned packets from so many senders: addresses in a row, and ones with nothing in common.
local function senders(kind)
  local packets, x = {}, 1
  for i = 1, ADDRESSES do
    x = (x * 1103515245 + 12345) & 0x7fffffff
    local n = kind == "row" and i or x
    local src = ("%d.%d.%d.%d"):format(10 + (n >> 24 & 0x7f), n >> 16 & 0xff, n >> 8 & 0xff, n & 0xff)
    packets[i] = tap.packet(b.eth(b.ipv4("", { src = src, dst = "192.0.2.1" }, { proto = 99 })))
  end
  return packets
end

--- Kilobytes that 'body' left behind, called for each packet until READS are done.
local function grown(packets, body)
  for _ = 1, 2 do -- learn names and addresses; the cache of others before may end in the first round
    for _, p in ipairs(packets) do body(p) end
  end
  collectgarbage()
  collectgarbage("stop")
  local before = collectgarbage("count")
  for _ = 1, READS // #packets do
    for i = 1, #packets do body(packets[i]) end
  end
  local after = collectgarbage("count")
  collectgarbage("restart")
  return after - before
end

describe("reading a field again", function()
  for _, kind in ipairs { "row", "random" } do
    it(("makes no garbage with %d addresses (%s)"):format(ADDRESSES, kind), function()
      local packets = senders(kind)
      assert.is_true(grown(packets, function(p) return p["ip.src"] end) < 1)
      assert.is_true(grown(packets, function(p) return p.ip.src end) < 1)
      assert.is_true(grown(packets, function(p) return p["ip.src:id"], p.ip_ttl, p["frame.len/100"] end) < 1)
    end)
  end

  it("makes garbage where it makes texts, so this spec can fail", function()
    local packets = senders "row"
    assert.is_true(grown(packets, function(p) return p:summary() end) > 1000)
  end)

  it("has the right text for each of more addresses than the cache holds", function()
    local cap_bytes, texts = {}, {}
    for i = 1, 40000 do
      local src = ("10.%d.%d.%d"):format(i >> 16, i >> 8 & 0xff, i & 0xff)
      texts[i] = src
      cap_bytes[i] = b.eth(b.ipv4("", { src = src, dst = "192.0.2.1" }, { proto = 99 }))
    end
    local cap <close> = tap.open { packets = cap_bytes }
    for _ = 1, 2 do
      local i = 0
      for src, net in cap:fields { "ip.src", "ip.src/24" } do
        i = i + 1
        if src ~= texts[i] then assert.equal(texts[i], src) end
        local want = texts[i]:gsub("%d+$", "0/24")
        if net ~= want then assert.equal(want, net) end
      end
      assert.equal(40000, i)
    end
  end)
end)
