--- IPv4 (RFC 791): its header, options and fragments.
local tap = require "moontap"
local wire = require "spec.proto.wire"

local ETH = wire.hex "02 00 00 00 00 02  02 00 00 00 00 01  08 00"
local UDP = wire.hex "9c 40 00 09 00 0a 00 00  68 69"

-- IP (tos 0xb9,CE, ttl 63, id 4660, offset 0, flags [DF], proto UDP (17), length 30)
--     192.0.2.1.40000 > 198.51.100.2.9: UDP, length 2
local PLAIN = ETH .. wire.hex [[
  45                                                           # version 4, 5 words
  bb                                                           # EF, CE
  00 1e                                                        # 30 bytes
  12 34                                                        # identification
  40 00                                                        # don't fragment
  3f 11                                                        # ttl 63, UDP
  ab cd                                                        # checksum
  c0 00 02 01  c6 33 64 02
]] .. UDP

--- PLAIN with the bytes at 'offset' of its IP header replaced.
local function change(offset, digits)
  local bytes = wire.hex(digits)
  return PLAIN:sub(1, 14 + offset) .. bytes .. PLAIN:sub(15 + offset + #bytes)
end

--- A packet of UDP whose header has these options.
local function with_options(digits)
  local options = wire.hex(digits)
  options = options .. ("\0"):rep(-#options % 4)
  local header = string.pack(">I1I1I2I4I1I1I2", 0x45 + #options // 4, 0, 20 + #options + #UDP, 0, 64, 17, 0)
  return ETH .. header .. wire.hex "c0 00 02 01  c6 33 64 02" .. options .. UDP
end

describe("ip", function()
  it("reads the header", function()
    local p = tap.packet(PLAIN)
    assert.same({ "eth", "ip", "udp" }, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, {
      ["ip.version"] = 4, ["ip.hdr_len"] = 20, ["ip.dsfield"] = 0xbb, ["ip.dsfield.dscp"] = 46,
      ["ip.dsfield.ecn"] = 3, ["ip.len"] = 30, ["ip.id"] = 0x1234, ["ip.flags"] = 2, ["ip.flags.rb"] = false,
      ["ip.flags.df"] = true, ["ip.flags.mf"] = false, ["ip.frag_offset"] = 0, ["ip.ttl"] = 63, ["ip.proto"] = 17,
      ["ip.checksum"] = 0xabcd, ["ip.src"] = "192.0.2.1", ["ip.dst"] = "198.51.100.2", ["ip.opt.type"] = "absent",
      ["ip.proto:text"] = "UDP", ["ip.dsfield.dscp:text"] = "EF", ["ip.dsfield.ecn:text"] = "CE",
    })
    assert.same({ "192.0.2.1", "198.51.100.2" }, p:all("ip.addr"))
  end)

  it("cuts the link's padding off", function()
    local p = tap.packet(PLAIN .. ("\xa5"):rep(16))
    assert.equal("hi", p:payload())
    assert.equal(30, p["ip.len"])
  end)

  it("reads the first fragment as if it were whole, the others as data", function()
    local first = tap.packet(change(6, "20 00"))
    assert.same({ "eth", "ip", "udp" }, first:layers())
    wire.check(first, { ["ip.flags.mf"] = true, ["ip.frag_offset"] = 0 })
    local next_ = tap.packet(change(6, "20 b9"))
    assert.same({ "eth", "ip" }, next_:layers())
    assert.is_nil(next_.fault)
    assert.equal(UDP, next_:payload())
    wire.check(next_, { ["ip.frag_offset"] = 185, ["ip.flags"] = 1, sport = "absent", src = "192.0.2.1" })
    wire.check(tap.packet(change(6, "1f ff")), { ["ip.frag_offset"] = 8191, ["ip.flags"] = 0 })
    wire.check(tap.packet(change(6, "80 00")), { ["ip.flags.rb"] = true, ["udp.dstport"] = 9 })
  end)

  it("takes a total length of 0 as all there is", function()
    local p = tap.packet(change(2, "00 00"))
    assert.same({ "eth", "ip", "udp" }, p:layers())
    wire.check(p, { ["ip.len"] = 30, ["udp.payload"] = "hi" })
    assert.equal(1500, tap.packet(change(2, "00 00"), { len = 1514 })["ip.len"])
  end)

  it("takes a total length past the frame's end as all there is", function()
    local p = tap.packet(change(2, "05 dc"))
    assert.is_nil(p.fault)
    wire.check(p, { ["ip.len"] = 1500, ["udp.payload"] = "hi" })
  end)

  it("has no next layer where its total length ends with it", function()
    local p = tap.packet(change(2, "00 14"))
    assert.same({ "eth", "ip" }, p:layers())
    assert.is_nil(p.fault)
  end)

  it("finds a header malformed that contradicts itself, and keeps what is sure", function()
    local rows = {
      { change(0, "65"), { ["ip.version"] = 6, ["ip.src"] = "absent", src = "absent" } },
      { change(0, "44"), { ["ip.version"] = 4, ["ip.hdr_len"] = 16, ["ip.len"] = "absent" } },
      { change(0, "40"), { ["ip.version"] = 4, ["ip.hdr_len"] = 0, ["ip.proto"] = "absent" } },
      { change(2, "00 13"), { ["ip.len"] = 19, ["ip.id"] = "absent" } },
      { change(0, "46"):sub(1, 16) .. "\0\x17" .. PLAIN:sub(19), { ["ip.hdr_len"] = 24, ["ip.len"] = 23 } },
    }
    for _, row in ipairs(rows) do
      local p = tap.packet(row[1])
      assert.same({ "eth", "ip" }, p:layers())
      assert.equal("ip: malformed header at byte 14", p.fault)
      wire.check(p, row[2])
    end
  end)

  it("is cut where its options are", function()
    local p = tap.packet(change(0, "4f 00 00 3c"))
    assert.equal("ip: header cut short at byte 44", p.fault)
    wire.check(p, { ["ip.hdr_len"] = 60, ["ip.dst"] = "198.51.100.2" })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(PLAIN, 14 + 20 + 8)
    wire.check_cuts(with_options("94 04 00 00  07 0b 08 c0000201 00000000 00"), 14 + 36 + 8)
  end)

  it("is found behind other link headers", function()
    assert.same({ "ip", "udp" }, tap.packet(PLAIN:sub(15), { linktype = 228 }):layers())
    assert.same({ "raw", "ip", "udp" }, tap.packet(PLAIN:sub(15), { linktype = 101 }):layers())
    assert.same({ "raw" }, tap.packet("\x50" .. PLAIN:sub(16), { linktype = 101 }):layers())
    assert.same({ "raw" }, tap.packet("", { linktype = 101 }):layers())
  end)
end)

describe("ip.opt", function()
  it("lists options up to their end", function()
    local p = tap.packet(with_options "01  94 04 00 05  00 44")
    assert.same({ 1, 148, 0 }, p:all("ip.opt.type"))
    assert.same({ 4 }, p:all("ip.opt.len"))
    assert.same({ false, true, false }, p:all("ip.opt.type.copy"))
    assert.same({ 0, 0, 0 }, p:all("ip.opt.type.class"))
    assert.same({ 1, 20, 0 }, p:all("ip.opt.type.number"))
    wire.check(p, { ["ip.opt.ra"] = 5, ["ip.hdr_len"] = 28, ["udp.dstport"] = 9 })
    assert.equal("Router Alert", p["ip.opt.type#2:text"])
  end)

  it("reads routes", function()
    local p = tap.packet(with_options "07 0f 08  c0000201 c0000202 00000000  00")
    assert.equal(8, p["ip.opt.ptr"])
    assert.same({ "192.0.2.1" }, p:all("ip.rec_rt"))
    assert.same({ "192.0.2.2", "0.0.0.0" }, p:all("ip.empty_rt"))
    local full = tap.packet(with_options "07 0b 0c  c0000201 c0000202  00")
    assert.same({ "192.0.2.1", "192.0.2.2" }, full:all("ip.rec_rt"))
    assert.same({}, full:all("ip.empty_rt"))
    for _, pointer in ipairs { "00", "03", "05" } do
      local bad = tap.packet(with_options("07 0b " .. pointer .. " c0000201 c0000202 00"))
      assert.same({ {}, {} }, { bad:all("ip.rec_rt"), bad:all("ip.empty_rt") })
    end
  end)

  it("reads time stamps", function()
    local p = tap.packet(with_options "44 0c 0d 30  00000064 000000c8")
    wire.check(p, { ["ip.opt.ptr"] = 13, ["ip.opt.overflow"] = 3, ["ip.opt.flag"] = 0 })
    assert.same({ 100, 200 }, p:all("ip.opt.time_stamp"))
    assert.same({}, p:all("ip.opt.time_stamp_addr"))
    local named = tap.packet(with_options "44 14 15 03  c0000201 00000064 c0000202 000000c8")
    assert.same({ 100, 200 }, named:all("ip.opt.time_stamp"))
    assert.same({ "192.0.2.1", "192.0.2.2" }, named:all("ip.opt.time_stamp_addr"))
  end)

  it("counts over all options of a kind", function()
    local times, routes = "44 08 09 00 00000064  44 0c 0d 01 c0000201 000000c8", "07 07 04 c0000202  07 07 04 c0000203"
    local p = tap.packet(with_options(times .. routes))
    assert.same({ 100, 200 }, p:all("ip.opt.time_stamp"))
    assert.same({ "192.0.2.1" }, p:all("ip.opt.time_stamp_addr"))
    assert.same({ 0, 1 }, p:all("ip.opt.flag"))
    assert.same({ 9, 13, 4, 4 }, p:all("ip.opt.ptr"))
    assert.same({ "192.0.2.2", "192.0.2.3" }, p:all("ip.empty_rt"))
    local mtu = tap.packet(with_options "0c 04 05 dc  0b 03 00  0b 04 02 40")
    assert.same({ 1500, 576 }, mtu:all("ip.opt.mtu"))
  end)

  it("reads the small ones", function()
    wire.check(tap.packet(with_options "88 04 00 07"), { ["ip.opt.sid"] = 7, ["ip.opt.ra"] = "absent" })
    wire.check(tap.packet(with_options "0b 04 05 dc"), { ["ip.opt.mtu"] = 1500 })
    wire.check(tap.packet(with_options "94 03 00"), { ["ip.opt.ra"] = "absent", ["ip.opt.len"] = 3 })
  end)

  it("ends where an option does not fit its header", function()
    for _, digits in ipairs { "01 94 00 00", "01 94 01 00", "01 94 04 00", "01 01 01 94" } do
      local p = tap.packet(with_options(digits))
      assert.is_nil(p["ip.opt.ra"])
      assert.equal(1, p["ip.opt.type"])
      assert.equal(9, p["udp.dstport"])
    end
  end)
end)
