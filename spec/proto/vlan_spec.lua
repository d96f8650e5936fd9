--- VLAN tags in the bytes, and tags that the kernel lifted out of them.
local probe = require "spec.base.probe"
local tap = require "moontap"
local wire = require "spec.proto.wire"

local MACS = wire.hex "02 00 00 00 00 02  02 00 00 00 00 01"

-- IP 192.0.2.1.40000 > 192.0.2.2.9: UDP, length 2
local IPV4 = wire.hex [[
  45 00 00 1e 00 01 00 00 40 11 f6 ca c0 00 02 01 c0 00 02 02
  9c 40 00 09 00 0a 00 00 68 69
]]

-- vlan 100, p 5, DEI, ethertype IPv4
local TAGGED = MACS .. wire.hex [[
  81 00                                                        # 802.1Q
  b0 64                                                        # priority 5, drop eligible, 100
  08 00                                                        # IPv4
]] .. IPV4

-- 802.1ad service tag 200, customer tag 7
local STACKED = MACS .. wire.hex [[
  88 a8
  e0 c8                                                        # priority 7, 200
  81 00
  00 07                                                        # 7
  08 00
]] .. IPV4

-- vlan 1, 802.3 length 7, LLC
local LENGTH = MACS .. wire.hex [[
  81 00 00 01
  00 07                                                        # 7 bytes follow
  7e 7e 03 00 00 00 00
  a5 a5 a5                                                     # padding
]]

describe("vlan", function()
  it("reads a tag and leads on", function()
    local p = tap.packet(TAGGED)
    assert.same({ "eth", "vlan", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["eth.type"] = 0x8100, ["vlan.priority"] = 5, ["vlan.dei"] = true, ["vlan.id"] = 100,
      ["vlan.etype"] = 0x0800, ["vlan.len"] = "absent", ["udp.dstport"] = 9, ["vlan.priority:text"] = "Voice",
    })
  end)

  it("reads the service tag of 802.1ad as ieee8021ad", function()
    local p = tap.packet(STACKED)
    assert.same({ "eth", "ieee8021ad", "vlan", "ip", "udp" }, p:layers())
    wire.check(p, {
      ["eth.type"] = 0x88a8, ["ieee8021ad.priority"] = 7, ["ieee8021ad.dei"] = false, ["ieee8021ad.id"] = 200,
      ["vlan.id"] = 7, ["vlan.etype"] = 0x0800,
    })
  end)

  it("gives stacked tags in their order", function()
    local three = MACS .. wire.hex "91 00 00 01  81 00 00 02  81 00 00 03  08 00" .. IPV4
    local p = tap.packet(three)
    assert.same({ "eth", "vlan", "vlan", "vlan", "ip", "udp" }, p:layers())
    assert.same({ 1, 2, 3 }, p:all("vlan.id"))
    assert.same({ 0x8100, 0x8100, 0x0800 }, p:all("vlan.etype"))
    assert.equal(3, p["vlan.id#3"])
  end)

  it("leads to LLC where a length follows, and ends the payload there", function()
    local p = tap.packet(LENGTH)
    assert.same({ "eth", "vlan", "llc" }, p:layers())
    wire.check(p, { ["vlan.len"] = 7, ["vlan.etype"] = "absent", ["llc.dsap"] = 0x7e })
    assert.equal("\0\0\0\0", p:payload())
  end)

  it("stops at a stack that is deeper than a packet can hold", function()
    local deep = tap.packet(MACS .. ("\x81\x00\x00\x01"):rep(30) .. "\x08\x00" .. IPV4)
    assert.equal(24, #deep:layers())
    assert.matches("more than 24 layers", deep.fault)
  end)

  it("keeps what a cut tag holds whole", function()
    wire.check_cuts(TAGGED, 14 + 4 + 20 + 8)
    wire.check_cuts(STACKED, 14 + 8 + 20 + 8)
    wire.check(tap.packet(TAGGED:sub(1, 16)), { ["vlan.id"] = 100, ["vlan.etype"] = "absent" })
  end)
end)

describe("a tag that the kernel lifted", function()
  --- What the program prints for each frame as it was on the wire, and with its first tag lifted
  --- (the layers, then a line for each value), and what putting the tag back came to.
  local function read_both(frames)
    local lines, pairs_ = {}, {}
    for i, frame in ipairs(frames) do
      lines[i] = frame:gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    end
    local printed = probe("spec/proto/vlan_probe.c", { "base", "proto" }, table.concat(lines, "\n") .. "\n")
    for inline, lifted, back, short in printed:gmatch("(.-)%-%-\n(.-)== ([^\n]+), short: ([^\n]+)\n") do
      pairs_[#pairs_ + 1] = { inline = inline, lifted = lifted, back = back, short = short }
    end
    assert.equal(#frames, #pairs_)
    return pairs_
  end

  it("reads as if it were in the bytes", function()
    local frames = { TAGGED, STACKED, LENGTH }
    for i, read in ipairs(read_both(frames)) do
      assert.equal(read.inline, read.lifted)
      assert.matches(i == 2 and "^eth ieee8021ad vlan ip udp \n" or "^eth vlan ", read.lifted)
      assert.matches("\nframe%.len=" .. #frames[i] .. "\n", read.lifted)
    end
  end)

  it("reads so however short the frame is", function()
    local frames = {}
    for _, frame in ipairs { TAGGED, STACKED, LENGTH } do
      for n = 18, #frame - 1 do frames[#frames + 1] = frame:sub(1, n) end
    end
    for i, read in ipairs(read_both(frames)) do
      assert.equal(read.inline, read.lifted, #frames[i] .. " bytes")
    end
  end)

  --- All frames of these specs, whole and cut as soon as their first tag is whole.
  local function all_frames()
    local frames = {}
    for _, frame in ipairs { TAGGED, STACKED, LENGTH } do
      for n = 18, #frame do frames[#frames + 1] = frame:sub(1, n) end
    end
    return frames
  end

  it("can be put back, and then bytes and layers are those of the wire", function()
    local frames = all_frames()
    for i, read in ipairs(read_both(frames)) do
      assert.equal("same", read.back, #frames[i] .. " bytes")
    end
  end)

  it("is put back where nobody knows its type, and no layer is taken for the tag", function()
    local unknown = MACS .. wire.hex "12 34 b0 64 08 00" .. IPV4
    local read = read_both({ unknown })[1]
    assert.matches("^eth ip udp ", read.lifted)
    assert.equal("layers", read.back) -- found behind a tag that nobody could read as one
    local cut = read_both({ unknown:sub(1, 18) })[1]
    assert.matches("^eth ip \n", cut.lifted)
    assert.is_nil(cut.lifted:find("vlan.id", 1, true))
  end)

  it("leaves a frame that was cut before the tag's place as it is", function()
    for _, read in ipairs(read_both { TAGGED, STACKED, LENGTH }) do assert.equal("left", read.short) end
  end)

  it("is not lost where the bytes hold all layers that there can be", function()
    local frames = {}
    for tags = 19, 27 do
      local stack = {}
      for i = 1, tags do stack[i] = ("\x81\x00\x00%c"):format(i) end
      frames[#frames + 1] = MACS .. table.concat(stack) .. "\x08\x00" .. IPV4
    end
    for i, read in ipairs(read_both(frames)) do
      assert.equal(read.inline, read.lifted, 18 + i .. " tags")
      assert.equal("same", read.back, 18 + i .. " tags")
    end
  end)
end)
