--- SCTP (RFC 9260), and the two other transports that few people meet: DCCP and UDP-Lite.
local tap = require "moontap"
local tshark = require "spec.proto.tshark"
local wire = require "spec.proto.wire"

local COMMON <const> = "0050 1f90  00000001  12345678"

local function sctp(digits) return wire.frame(COMMON .. digits, { proto = 132 }) end

-- sctp (1) [INIT ACK] … (2) [COOKIE ECHO]
local TWO = sctp "0200 0014 0000000a 0000ffff 000a 000b 00000064  0a00 0008 aabbccdd"
local DATA = sctp "0003 0013 00000064 0001 0002 0000002e 616263 00  0007 0011 00000065 0003 0004 00000000 64 000000"
local SACK = sctp "0300 001c 00000064 0000ffff 0002 0001 0002 0003 0005 0006 00000063"

local FRAMES <const> = {
  TWO, DATA, SACK, sctp "0100 0014 0000000a 0000ffff 000a 000b 00000064", sctp "0601 0004", sctp "0700 0008 00000064",
  sctp "0400 000c 0001 0008 11223344 0e01 0004",
}

describe("sctp", function()
  it("reads chunks", function()
    local p = tap.packet(TWO)
    assert.same({ "eth", "ip", "sctp" }, p:layers())
    assert.same({ 2, 10 }, p:all("sctp.chunk_type"))
    wire.check(p, {
      sport = 80, dport = 8080, ["sctp.verification_tag"] = 1, ["sctp.initack_initiate_tag"] = 10,
      ["sctp.init_initiate_tag"] = "absent", ["sctp.chunk_type:text"] = "INIT ACK",
    })
    assert.same({ 100, 101 }, tap.packet(DATA):all("sctp.data_tsn_raw"))
    assert.same({ 2, 5 }, tap.packet(SACK):all("sctp.sack_gap_block_start"))
  end)

  it("has tshark's values", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check(FRAMES, { "sctp." }) > 60)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(TWO, 14 + 20 + 12)
    wire.check_cuts(SACK, 14 + 20 + 12)
  end)

  it("goes on behind a chunk whose length cannot be", function()
    assert.same({ 0, 6 }, tap.packet(sctp "0000 0000 0600 0004"):all("sctp.chunk_type"))
    assert.same({ 0 }, tap.packet(sctp "0000 ffff 0600 0004"):all("sctp.chunk_type"))
  end)
end)

describe("dccp", function()
  local function dccp(digits) return wire.frame(digits, { proto = 33 }) end

  local REQUEST = dccp "9c40 0050 05 00 1234  01 00 000000000007  00000009"
  local ACK = dccp "9c40 0050 04 00 1234  06 000007  00 000005"
  local LONG <const> = {
    REQUEST, dccp "9c40 0050 07 00 1234  03 00 000000000007  0000 000000000006  00000009",
    dccp "9c40 0050 07 00 1234  0f 00 000000000007  0000 000000000006  02 000000",
  }

  it("reads numbers of both sizes", function()
    wire.check(tap.packet(REQUEST), {
      sport = 40000, dport = 80, ["dccp.seq_raw"] = 7, ["dccp.service_code"] = 9, ["dccp.ack_raw"] = "absent",
    })
    wire.check(tap.packet(ACK), { ["dccp.type:text"] = "Ack", ["dccp.seq_raw"] = 7, ["dccp.ack_raw"] = 5 })
  end)

  it("has tshark's values", function()
    if not tshark.is_here() then return pending("tshark 4.0 is not here") end
    assert.is_true(tshark.check(LONG, { "dccp." }) > 25)
  end)

  it("keeps what a cut header holds whole", function()
    wire.check_cuts(REQUEST, 14 + 20 + 20)
    wire.check_cuts(ACK, 14 + 20 + 16)
  end)

  it("is malformed where its offset leaves no room for it", function()
    assert.equal("dccp: malformed header at byte 34", tap.packet(dccp "9c40 0050 02 00 1234 06 000007 00000005").fault)
  end)
end)

describe("udplite", function()
  local FRAME <const> = wire.frame("9c40 0035 0008 1234 616263", { proto = 136 })

  it("reads the header; all that follows is payload", function()
    local p = tap.packet(FRAME)
    wire.check(p, { sport = 40000, dport = 53, ["udplite.checksum_coverage"] = 8, ["udplite.checksum"] = 0x1234 })
    assert.equal("abc", p:payload())
    wire.check_cuts(FRAME, 14 + 20 + 8)
  end)
end)
