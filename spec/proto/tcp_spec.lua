--- TCP (RFC 9293) and its options.
local tap = require "moontap"
local wire = require "spec.proto.wire"

local ETH = wire.hex "02 00 00 00 00 02  02 00 00 00 00 01  08 00"

--- A frame of IPv4 around a segment.
local function ip(segment)
  local header = string.pack(">I1I1I2I4I1I1I2", 0x45, 0, 20 + #segment, 0, 64, 6, 0)
  return ETH .. header .. wire.hex "c0 00 02 01  c0 00 02 02" .. segment
end

-- IP 192.0.2.1.40000 > 192.0.2.2.80: Flags [P.], seq 305419896:305419901, ack 2596069104, win 512, length 5
local SEGMENT = wire.hex [[
  9c 40  00 50                                                 # ports
  12 34 56 78                                                  # sequence
  9a bc de f0                                                  # acknowledgment
  50 18                                                        # 5 words, push and ack
  02 00                                                        # window
  ab cd                                                        # checksum
  00 07                                                        # urgent pointer
]] .. "hello"
local PLAIN = ip(SEGMENT)

--- PLAIN with the bytes at 'offset' of its TCP header replaced.
local function change(offset, digits)
  local bytes = wire.hex(digits)
  return PLAIN:sub(1, 34 + offset) .. bytes .. PLAIN:sub(35 + offset + #bytes)
end

--- A segment with these options.
local function with_options(digits, payload)
  local options = wire.hex(digits)
  options = options .. ("\0"):rep(-#options % 4)
  local offset = string.pack(">I1", (5 + #options // 4) << 4)
  return ip(SEGMENT:sub(1, 12) .. offset .. SEGMENT:sub(14, 20) .. options .. (payload or ""))
end

-- Flags [S], options [mss 1460,sackOK,TS val 1 ecr 2,nop,wscale 7]
local HANDSHAKE = "02 04 05 b4  04 02  08 0a 00 00 00 01 00 00 00 02  01  03 03 07"

describe("tcp", function()
  it("reads the header", function()
    local p = tap.packet(PLAIN)
    assert.same({ "eth", "ip", "tcp" }, p:layers())
    assert.is_nil(p.fault)
    wire.check(p, {
      ["tcp.srcport"] = 40000, ["tcp.dstport"] = 80, ["tcp.seq"] = 0x12345678, ["tcp.seq_raw"] = 0x12345678,
      ["tcp.ack"] = 0x9abcdef0, ["tcp.ack_raw"] = 0x9abcdef0, ["tcp.hdr_len"] = 20, ["tcp.flags"] = 0x018,
      ["tcp.window_size_value"] = 512, ["tcp.window_size"] = 512, ["tcp.checksum"] = 0xabcd,
      ["tcp.urgent_pointer"] = 7, ["tcp.len"] = 5, ["tcp.nxtseq"] = 0x1234567d, ["tcp.payload"] = "hello",
      ["tcp.options"] = "absent", ["tcp.option_kind"] = "absent", sport = 40000, dport = 80,
    })
    assert.same({ 40000, 80 }, p:all("tcp.port"))
  end)

  it("reads each flag", function()
    local bits = { "fin", "syn", "reset", "push", "ack", "urg", "ece", "cwr", "ae" }
    for i = 0, 11 do
      local p = tap.packet(change(12, ("%04x"):format(0x5000 | 1 << i)))
      assert.equal(1 << i, p["tcp.flags"])
      for j, name in ipairs(bits) do assert.equal(i == j - 1, p["tcp.flags." .. name], name) end
      assert.equal(i >= 9, p["tcp.flags.res"])
    end
  end)

  it("counts SYN or FIN in the next sequence number, which wraps", function()
    wire.check(tap.packet(change(4, "ff ff ff ff 00 00 00 00 50 02")), { ["tcp.nxtseq"] = 5 })
    wire.check(tap.packet(change(4, "ff ff ff fe 00 00 00 00 50 01")), { ["tcp.nxtseq"] = 4 })
    wire.check(tap.packet(change(4, "ff ff ff fb 00 00 00 00 50 10")), { ["tcp.nxtseq"] = 0 })
  end)

  it("does not take padding for payload", function()
    local p = tap.packet(ip(SEGMENT:sub(1, 20)) .. ("\0"):rep(6))
    wire.check(p, { ["tcp.len"] = 0, ["tcp.payload"] = "absent", ["tcp.nxtseq"] = 0x12345678 })
  end)

  it("knows its length on the wire where the frame was cut", function()
    local whole = ip(SEGMENT .. ("x"):rep(1000))
    local p = tap.packet(whole:sub(1, 64), { len = #whole })
    wire.check(p, { ["tcp.len"] = 1005, ["tcp.payload"] = "hellox" .. ("x"):rep(4), ["ip.len"] = 1045 })
    local padded = tap.packet(PLAIN:sub(1, 56), { len = 90 })
    wire.check(padded, { ["tcp.len"] = 5, ["tcp.payload"] = "he" })
  end)

  it("knows it over IPv6 too", function()
    local ends = ("\x20\x01\x0d\xb8" .. ("\0"):rep(12)):rep(2)
    local whole = ETH:sub(1, 12) .. wire.hex "86 dd 60 00 00 00 03 f5 06 40" .. ends .. SEGMENT
    local p = tap.packet(whole, { len = 14 + 40 + 1013 })
    wire.check(p, { ["tcp.len"] = 993 })
    local extended = whole:sub(1, 18) .. wire.hex "03 fd 3c 40" .. ends .. wire.hex "06 00 01 04 00 00 00 00" .. SEGMENT
    wire.check(tap.packet(extended, { len = 14 + 40 + 1021 }), { ["tcp.len"] = 993 })
  end)

  it("finds a data offset under 5 malformed", function()
    for words = 0, 4 do
      local p = tap.packet(change(12, ("%x018"):format(words)))
      assert.equal("tcp: malformed header at byte 34", p.fault)
      wire.check(p, { ["tcp.hdr_len"] = 4 * words, ["tcp.dstport"] = 80, ["tcp.len"] = "absent", dport = 80 })
    end
  end)

  it("is cut where its options are", function()
    local p = tap.packet(change(12, "f0 18"))
    assert.equal("tcp: header cut short at byte 59", p.fault)
    wire.check(p, {
      ["tcp.hdr_len"] = 60, ["tcp.seq"] = 0x12345678, ["tcp.options"] = "hello", ["tcp.payload"] = "absent",
    })
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(PLAIN, 14 + 20 + 20)
    wire.check_cuts(with_options(HANDSHAKE, "data"), 14 + 20 + 40)
    wire.check_cuts(with_options("01 01 05 12 0000000a 00000014 0000001e 00000028"), 14 + 20 + 40)
  end)
end)

describe("tcp.options", function()
  it("reads those of a handshake", function()
    local p = tap.packet(with_options(HANDSHAKE))
    assert.same({ 2, 4, 8, 1, 3 }, p:all("tcp.option_kind"))
    assert.same({ 4, 2, 10, 3 }, p:all("tcp.option_len"))
    wire.check(p, {
      ["tcp.hdr_len"] = 40, ["tcp.len"] = 0, ["tcp.options"] = wire.hex(HANDSHAKE),
      ["tcp.options.mss_val"] = 1460, ["tcp.options.mss"] = "\2\4\5\xb4",
      ["tcp.options.wscale.shift"] = 7, ["tcp.options.wscale.multiplier"] = 128, ["tcp.options.wscale"] = "\3\3\7",
      ["tcp.options.sack_perm"] = "\4\2", ["tcp.options.nop"] = "\1", ["tcp.options.sack"] = "absent",
      ["tcp.options.timestamp.tsval"] = 1, ["tcp.options.timestamp.tsecr"] = 2,
      ["tcp.options.timestamp"] = "\8\10\0\0\0\1\0\0\0\2", ["tcp.option_kind:text"] = "Maximum Segment Size",
    })
  end)

  it("reads blocks of SACK", function()
    local p = tap.packet(with_options "01 01 05 12 0000000a 00000014 0000001e ffffffff")
    assert.same({ 10, 30 }, p:all("tcp.options.sack_le"))
    assert.same({ 20, 0xffffffff }, p:all("tcp.options.sack_re"))
    assert.equal(2, p["tcp.options.sack.count"])
    local odd = tap.packet(with_options "05 0b 0000000a 00000014 00")
    assert.same({ 10 }, odd:all("tcp.options.sack_le"))
    local empty = tap.packet(with_options "05 02")
    wire.check(empty, { ["tcp.options.sack.count"] = 0, ["tcp.options.sack_le"] = "absent" })
  end)

  it("reads the rare ones", function()
    wire.check(tap.packet(with_options "1c 04 80 05"), {
      ["tcp.options.user_to_granularity"] = true, ["tcp.options.user_to_val"] = 5,
    })
    wire.check(tap.packet(with_options "13 12 000102030405060708090a0b0c0d0e0f"), {
      ["tcp.options.md5.digest"] = "\0\1\2\3\4\5\6\7\8\9\10\11\12\13\14\15",
    })
    wire.check(tap.packet(with_options "1e 0c 00 81 0102030405060708"), {
      ["tcp.options.mptcp.subtype"] = 0, ["tcp.options.mptcp.subtype:text"] = "MP_CAPABLE",
    })
    wire.check(tap.packet(with_options "1e 02 01 01"), { ["tcp.options.mptcp.subtype"] = "absent" })
    wire.check(tap.packet(with_options "22 06 01020304"), { ["tcp.options.tfo.cookie"] = "\1\2\3\4" })
    wire.check(tap.packet(with_options "22 02"), { ["tcp.options.tfo.cookie"] = "absent", ["tcp.option_kind"] = 34 })
    wire.check(tap.packet(with_options "fe 08 f9 89 01020304"), { ["tcp.options.tfo.cookie"] = "\1\2\3\4" })
    wire.check(tap.packet(with_options "fe 08 f9 88 01020304"), { ["tcp.options.tfo.cookie"] = "absent" })
    wire.check(tap.packet(with_options "03 03 ff"), { ["tcp.options.wscale.multiplier"] = 16384 })
  end)

  it("gives no value to an option of the wrong length, but its bytes", function()
    local p = tap.packet(with_options "02 05 05 b4 01  03 04 07 01  08 08 00000001 0000")
    assert.same({ 2, 3, 8 }, { p["tcp.option_kind"], p["tcp.option_kind#2"], p["tcp.option_kind#3"] })
    wire.check(p, {
      ["tcp.options.mss_val"] = "absent", ["tcp.options.mss"] = "\2\5\5\xb4\1",
      ["tcp.options.wscale.shift"] = "absent", ["tcp.options.timestamp.tsval"] = "absent",
    })
  end)

  it("finds an option behind one of its kind with the wrong length", function()
    local p = tap.packet(with_options "03 04 07 01  03 03 05  02 02  02 04 05 b4")
    wire.check(p, { ["tcp.options.wscale.shift"] = 5, ["tcp.options.mss_val"] = 1460 })
    assert.same({ 5 }, p:all("tcp.options.wscale.shift"))
  end)

  it("ends at kind 0, and where an option does not fit", function()
    assert.same({ 1, 0 }, tap.packet(with_options "01 00 02 04 05 b4"):all("tcp.option_kind"))
    for _, digits in ipairs { "01 02 00 05", "01 02 01 05", "01 02 04 05", "01 01 01 02" } do
      local p = tap.packet(with_options(digits))
      wire.check(p, { ["tcp.option_kind"] = 1, ["tcp.options.mss"] = "absent" })
      assert.is_nil(p.fault)
    end
  end)
end)
