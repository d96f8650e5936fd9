--- Saving from a link: what the kernel took out of frames is in the file again, and the file tells
--- the interface, directions and what was counted.
local build = require "spec.support.build"
local live = require "spec.support.live"
local run = require "spec.support.run"
local tap = require "moontap"

local it = live.it(it, pending)

--- Send whole frames into the interface's peer.
local function replay(name, frames)
  local path = os.tmpname()
  run.write(path, build.pcap(frames))
  local r = run { "tcpreplay", "--quiet", "--topspeed", "-i", name, path }
  os.remove(path)
  assert(r.code == 0, r.err)
end

describe("saving from a link", function()
  local path, link

  before_each(function()
    path, link = os.tmpname(), live.pair()
  end)

  after_each(function()
    link:close()
    os.remove(path)
  end)

  it("puts VLAN tags that the kernel lifted out back", function()
    local ends = { src = "192.0.2.1", dst = "192.0.2.2" }
    local inner = build.ipv4(build.udp(("x"):rep(40), ends, { srcport = 1, dstport = 9 }), ends, { proto = 17 })
    local frames = {
      build.eth(build.vlan(inner, { id = 100, priority = 5 }), { type = 0x8100 }),
      build.eth(inner),
      build.eth(build.vlan(build.vlan(inner, { id = 7 }), { id = 200, type = 0x8100 }), { type = 0x88a8 }),
    }
    for _, format in ipairs { "pcap", "pcapng" } do
      local cap <close> = assert(tap.open { interface = link.b })
      local w = assert(tap.writer { file = path, format = format })
      cap:save(w)
      assert(cap:pollfd()) -- lets traffic in
      replay(link.a, frames)
      assert.equal(3, assert(cap:run { count = 3, duration = "10s" }).delivered)
      assert(w:close())
      local saved <close> = assert(tap.open(path))
      local list = {}
      for p in saved:packets() do
        list[#list + 1] = p:bytes()
        assert.equal(#p:bytes(), p["frame.len"])
        if format == "pcapng" then
          assert.equal(link.b, p["frame.interface_name"])
          assert.equal("in", p["frame.direction:text"])
        end
      end
      assert.same(frames, list)
    end
    local r = run { "tshark", "-n", "-r", path, "-T", "fields", "-e", "vlan.id", "-e", "frame.interface_name",
      env = { LD_PRELOAD = false } }
    assert.equal(("100\t%s\n\t%s\n7\t%s\n"):format(link.b, link.b, link.b), r.out)
  end)

  it("ends the file with what the kernel counted", function()
    local cap <close> = assert(tap.open { interface = link.b })
    local w = assert(tap.writer { file = path, format = "pcapng" })
    cap:save(w)
    assert(cap:pollfd())
    replay(link.a, { build.udp_frame(), build.udp_frame(), build.udp_frame() })
    assert(cap:run { count = 2, duration = "10s" })
    local stats = cap:stats()
    assert(w:close())
    local file = run.read(path)
    local type, _, _, _, _, code, size, received = string.unpack("<I4I4I4I4I4I2I2I8", file, #file - 52 + 1)
    assert.same({ 5, 4, 8, stats.seen }, { type, code, size, received })
    assert.equal(3, received)
  end)
end)
