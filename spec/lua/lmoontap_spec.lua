--- The module as a whole: asked for again, and called by finalizers while the Lua state closes.
local b = require "spec.support.build"
local run = require "spec.support.run"

local FRAME <const> = ("%q"):format(b.udp_frame { src = "192.0.2.1", srcport = 7, payload = "" })

--- Run a script in a Lua of its own; it has tap and FRAME.  Returns what it printed; it must not
--- have failed, nor have warned of an error in a finalizer.
local function script(code)
  local path = os.tmpname()
  run.write(path, 'warn "@on"\nlocal FRAME <const> = ' .. FRAME .. "\n" .. code)
  local r = run { run.lua, path }
  os.remove(path)
  assert.equal(0, r.code, r.err)
  assert.equal("", r.err)
  return r.out
end

describe("the module", function()
  it("is the same however often it is opened, and objects of before go on", function()
    assert.equal("192.0.2.1\ttrue\n192.0.2.1\t7\tudp\n", script [[
      local core = require "moontap.core"
      local before = core.packet(FRAME)
      package.loaded["moontap.core"] = nil
      print(before.src, require "moontap.core" == core)
      for _ = 1, 3 do collectgarbage() end
      print(before.ip.src, before["udp.srcport"], before:layers()[3])
    ]])
  end)

  it("works again when all of its files are loaded again", function()
    assert.equal("192.0.2.1\t192.0.2.1\t1\n", script [[
      local function load_again()
        for name in pairs(package.loaded) do
          if name:find("^moontap") then package.loaded[name] = nil end
        end
        return require "moontap"
      end
      local old = load_again().packet(FRAME)
      local tap = load_again()
      local cap <close> = tap.open { packets = { FRAME } }
      local talk = cap:aggregate { by = { "src" }, "n = count()" }
      cap:run()
      collectgarbage()
      print(old.src, talk:top(1)().src, talk:get("192.0.2.1").n)
    ]])
  end)
end)

--- A script whose finalizer runs last of all, for it was made first; 'call' uses what 'make' made.
local function last_words(make, call)
  return script(([[
    local tap, a, cap, p, view
    Keep = setmetatable({}, { __gc = function() print(select(2, pcall(function() return %s end))) end })
    tap = require "moontap"
    %s
  ]]):format(call, make))
end

describe("a finalizer that runs after those of the module", function()
  local AGGREGATE <const> = [[
    cap = tap.open { packets = { FRAME } }
    a = cap:aggregate { by = { "src" }, "n = count()" }
    cap:run()
  ]]

  it("gets an error from an aggregate that has been collected", function()
    for _, method in ipairs { "rows", "get", "count", "evicted", "others", "columns" } do
      local call = ("a:%s()"):format(method)
      assert.equal("the aggregate has been collected\n", last_words(AGGREGATE, call):gsub("^[^ ]+:%d+: ", ""), call)
    end
    assert.matches("the aggregate has been collected\n$", last_words(AGGREGATE .. " view = a:rows()", "view()"))
  end)

  it("can still ask a capture for its counts, aggregates included", function()
    assert.equal("1\n", last_words(AGGREGATE, "cap:stats().delivered"))
    assert.equal("", script [[
      local cap
      Keep = setmetatable({}, { __gc = function() cap = assert(cap:stats().tables) end })
      cap = require "moontap".open { packets = { FRAME } }
      cap:aggregate { by = { "src" }, "n = count()" }
    ]])
  end)

  it("can ask a capture whose aggregate was collected in the same cycle", function()
    assert.equal("0\n1\n", script [[
      local cap = require "moontap".open { packets = { FRAME } }
      do
        local held = setmetatable({ cap = cap }, { __gc = function(o)
          print(o.cap:stats().tables[1].evicted)
          print(o.cap:run().delivered)
        end })
        held.aggregate = cap:aggregate { by = { "src" }, "n = count()" }
      end
      cap = nil
      collectgarbage()
    ]])
  end)

  it("gets an error where the registry would be needed", function()
    local closed = "moontap used after the Lua state was closed\n$"
    assert.matches(closed, last_words("", "tap.packet(FRAME)"))
    assert.matches(closed, last_words("", "tap.open { packets = { FRAME } }"))
    assert.matches(closed, last_words("", "tap.fields('ip')"))
    assert.matches(closed, last_words("p = tap.packet(FRAME)", "p:summary()"))
    assert.matches(closed, last_words("p = tap.packet(FRAME)", "p:layers()"))
    assert.matches(closed, last_words("p = tap.packet(FRAME)", "p['ip.src']"))
    assert.matches(closed, last_words("p = tap.packet(FRAME)", "p:u8(0, 'ip')"))
    assert.matches(closed, last_words("view = tap.packet(FRAME).ip", "tostring(view)"))
  end)

  it("gets that error for a field that it read before, too: its protocol may be gone", function()
    assert.equal("moontap used after the Lua state was closed\n",
      (last_words("p = tap.packet(FRAME) local _ = p.src, p['ip.src']", "p.src"):gsub("^[^ ]+:%d+: ", "")))
    assert.matches("closed\n$", last_words("view = tap.packet(FRAME).ip local _ = view.src", "view.src"))
  end)
end)
