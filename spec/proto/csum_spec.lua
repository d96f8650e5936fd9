--- Checksums: what builders made right is good, one bit flipped is bad, and tshark agrees.
local build = require "spec.support.build"
local probe = require "spec.base.probe"
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local V4 <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
local V6 <const> = { src = "2001:db8::1", dst = "fe80::2" }
local PORTS <const> = { srcport = 40000, dstport = 40001 }

local function over4(segment, proto, o)
  o = o or {}
  o.proto = proto
  return build.eth(build.ipv4(segment, V4, o))
end

local function over6(segment, proto) return build.eth(build.ipv6(segment, V6, { next = proto })) end

--- The pseudo-header of a segment.
local function pseudo(ends, size, proto)
  return build.address(ends.src) .. build.address(ends.dst) .. string.pack(">I4I4", size, proto)
end

--- Bytes with their checksum at 'offset'; 'before' is summed up too.
local function sealed(digits, offset, before)
  local bytes = wire.hex(digits)
  local sum = build.checksum((before or "") .. bytes)
  return bytes:sub(1, offset) .. string.pack(">I2", sum) .. bytes:sub(offset + 3)
end

--- CRC32c, a bit at a time.
local function crc32c(bytes)
  local crc = 0xffffffff
  for i = 1, #bytes do
    crc = crc ~ bytes:byte(i)
    for _ = 1, 8 do crc = crc >> 1 ~ (crc & 1) * 0x82f63b78 end
  end
  return ~crc & 0xffffffff
end

local function sctp(digits)
  local bytes = wire.hex("9c40 9c41 00000001 00000000" .. digits)
  return bytes:sub(1, 8) .. string.pack("<I4", crc32c(bytes)) .. bytes:sub(13)
end

local VRRP3 <const> = "31 01 64 01 0064 0000 c0000201"

-- The row that tells, a frame where it is good, and where a byte lies that it covers.
local CASES <const> = {
  { "ip.checksum.status", over4(build.udp("x", V4, PORTS), 17), 14 + 9 },
  { "tcp.checksum.status", over4(build.tcp("odd", V4, PORTS), 6), 14 + 20 + 5 },
  { "tcp.checksum.status", over6(build.tcp("even", V6, PORTS), 6), 14 + 40 + 22 },
  { "udp.checksum.status", over4(build.udp("odd", V4, PORTS), 17), 14 + 20 + 9 },
  { "udp.checksum.status", over6(build.udp("", V6, PORTS), 17), 14 + 40 + 1 },
  { "icmp.checksum.status", over4(build.icmp("abc", {}), 1), 14 + 20 + 9 },
  { "icmpv6.checksum.status", over6(build.icmp("abc", { type = 128 }, V6), 58), 14 + 40 + 9 },
  { "igmp.checksum.status", over4(sealed("1664 0000 e0000101", 2), 2), 14 + 20 + 5 },
  { "gre.checksum.status", over4(sealed("8000 88b5 0000 0000 0102 03", 4), 47), 14 + 20 + 9 },
  { "sctp.checksum.status", over4(sctp "0601 0004", 132), 14 + 20 + 13 },
  { "dccp.checksum.status", over4(sealed("9c40 9c41 0500 0000 01 00 000000000007 00000009", 6, pseudo(V4, 20, 33)), 33),
    14 + 20 + 15 },
  { "vrrp.checksum.status", over4(sealed("21 01 64 01 00 01 0000 c0000201 0000000000000000", 6), 112), 14 + 20 + 2 },
  { "vrrp.checksum.status", over4(sealed(VRRP3, 6, pseudo(V4, 12, 112)), 112), 14 + 20 + 2 },
  { "pim.cksum.status", over4(sealed("20 00 0000 0001 0002 0069", 2), 103), 14 + 20 + 9 },
}

--- A frame with one bit of a byte turned round.
local function broken(frame, offset)
  return frame:sub(1, offset) .. string.char(frame:byte(offset + 1) ~ 1) .. frame:sub(offset + 2)
end

describe("checksums", function()
  it("are good as they were made, and bad where a bit is flipped", function()
    for _, case in ipairs(CASES) do
      local name, frame, offset = table.unpack(case)
      assert.same({ name, 1, "good" }, { name, tap.packet(frame)[name], tap.packet(frame)[name .. ":text"] })
      local p = tap.packet(broken(frame, offset))
      assert.same({ name, 0, "bad" }, { name, p[name], p[name .. ":text"] })
    end
  end)

  it("are what tshark says", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    local frames, names = {}, {}
    for i, case in ipairs(CASES) do
      frames[2 * i - 1], frames[2 * i] = case[2], broken(case[2], case[3])
      names[i] = case[1]
    end
    assert.is_true(tshark.check(frames, names) > 3 * #CASES)
  end)

  it("are left unchecked where bytes are missing, in fragments and in quotations", function()
    for _, case in ipairs(CASES) do
      local name, frame = case[1], case[2]
      if name ~= "ip.checksum.status" then
        assert.equal("unchecked", tap.packet(frame:sub(1, -2), { len = #frame })[name .. ":text"] or "unchecked")
      end
    end
    local segment = build.udp("odd", V4, PORTS)
    for _, fragment in ipairs { 0x2000 } do
      local p = tap.packet(over4(segment, 17, { fragment = fragment }))
      wire.check(p, { ["udp.checksum.status:text"] = "unchecked", ["ip.checksum.status:text"] = "good" })
    end
    local quote = over4(build.icmp(build.ipv4(segment, V4, { proto = 17 }), { type = 3 }), 1)
    wire.check(tap.packet(quote), {
      ["udp.checksum.status:text"] = "unchecked", ["icmp.checksum.status:text"] = "good",
      ["ip.checksum.status#2:text"] = "unchecked",
    })
  end)

  it("may be absent of UDP over IPv4, and not over IPv6", function()
    local none = wire.hex "9c40 9c41 0009 0000 61"
    wire.check(tap.packet(over4(none, 17)), { ["udp.checksum.status:text"] = "not present" })
    wire.check(tap.packet(over6(none, 17)), { ["udp.checksum.status:text"] = "illegal" })
  end)

  it("cover what UDP-Lite says", function()
    local part = sealed("9c40 9c41 0008 0000", 6, pseudo(V4, 11, 136))
    wire.check(tap.packet(over4(part .. "abc", 136)), { ["udplite.checksum.status:text"] = "good" })
    wire.check(tap.packet(over4(part .. "xyz", 136)), { ["udplite.checksum.status:text"] = "good" })
    wire.check(tap.packet(over4(part .. "abcd", 136)), { ["udplite.checksum.status:text"] = "bad" })
    local all = sealed("9c40 9c41 0000 0000 616263", 6, pseudo(V4, 11, 136))
    wire.check(tap.packet(over4(all, 136)), { ["udplite.checksum.status:text"] = "good" })
    wire.check(tap.packet(broken(over4(all, 136), 14 + 20 + 10)), { ["udplite.checksum.status:text"] = "bad" })
  end)

  it("are of the last address of a source route", function()
    local last <const> = { src = V6.src, dst = "2001:db8::99" }
    local segment = build.tcp("abc", last, PORTS)
    local route = wire.hex "06 02 00 01 00000000 20010db8000000000000000000000099"
    local frame = build.eth(build.ipv6(route .. segment, V6, { next = 43 }))
    wire.check(tap.packet(frame), { ["tcp.checksum.status:text"] = "good" })
    local arrived = frame:sub(1, 14 + 40 + 3) .. "\0" .. frame:sub(14 + 40 + 5)
    wire.check(tap.packet(arrived), { ["tcp.checksum.status:text"] = "bad" })
  end)

  it("are of each packet of a tunnel", function()
    local inner = build.ipv4(build.udp("odd", V4, PORTS), V4, { proto = 17 })
    local p = tap.packet(over4(broken(inner, 28), 4))
    wire.check(p, {
      ["udp.checksum.status:text"] = "bad", ["ip.checksum.status#1:text"] = "good",
      ["ip.checksum.status#2:text"] = "good",
    })
  end)

  it("follow what the kernel knows of a frame", function()
    local plain = over4(build.udp("odd", V4, PORTS), 17)
    local wrong = broken(plain, 14 + 20 + 9)
    local carrier = { srcport = 40000, dstport = 4789 }
    local tunnel = over4(build.udp(wire.hex "0800 0000 000001 00" .. wrong, V4, carrier), 17)
    local lines = { tshark.hex(plain), tshark.hex(wrong), tshark.hex(tunnel), "" }
    local printed = probe("spec/proto/csum_probe.c", { "base", "proto" }, table.concat(lines, "\n"))
    assert.equal("good partial good \nbad partial good \ngood,bad partial,partial good,bad \n", printed)
  end)
end)
