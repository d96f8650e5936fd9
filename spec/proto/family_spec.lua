--- Names without a dot, which serve any family.
local build = require "spec.support.build"
local tap = require "moontap"
local wire = require "spec.proto.wire"

local V4 = { src = "192.0.2.1", dst = "192.0.2.2" }
local V6 = { src = "2001:db8::1", dst = "2001:db8::2" }

describe("src and dst", function()
  it("are the addresses of either IP", function()
    local udp4 = build.udp("", V4, { srcport = 1, dstport = 2 })
    wire.check(tap.packet(build.eth(build.ipv4(udp4, V4, { proto = 17 }))), V4)
    local udp6 = build.udp("", V6, { srcport = 1, dstport = 2 })
    wire.check(tap.packet(build.eth(build.ipv6(udp6, V6, { next = 17 }))), V6)
  end)

  it("are those of the IP header behind a VLAN tag", function()
    local packet = build.ipv4("", V4, { proto = 253 })
    wire.check(tap.packet(build.eth(build.vlan(packet, { id = 5 }), { type = 0x8100 })), V4)
  end)

  it("are absent without an IP header, and without a whole one", function()
    wire.check(tap.packet(build.eth(build.arp {}, { type = 0x0806 })), { src = "absent", dst = "absent" })
    local bytes = build.udp_frame(V4)
    wire.check(tap.packet(bytes:sub(1, 29)), { src = "absent", dst = "absent" })
    wire.check(tap.packet(bytes:sub(1, 33)), { src = "192.0.2.1", dst = "absent" })
  end)

  it("occur once", function()
    local p = tap.packet(build.udp_frame(V4))
    assert.is_nil(p["src#2"])
    assert.same({ "192.0.2.1" }, p:all("src"))
  end)
end)

describe("sport and dport", function()
  it("are the ports of UDP and TCP", function()
    local ports = { srcport = 40000, dstport = 53 }
    for proto, make in pairs { [17] = build.udp, [6] = build.tcp } do
      local frame = build.eth(build.ipv4(make("", V4, ports), V4, { proto = proto }))
      wire.check(tap.packet(frame), { sport = 40000, dport = 53 })
    end
  end)

  it("are absent without a transport", function()
    local p = tap.packet(build.eth(build.ipv4(build.icmp("", {}), V4, { proto = 1 })))
    wire.check(p, { sport = "absent", dport = "absent", src = "192.0.2.1" })
    local bytes = build.udp_frame(V4)
    wire.check(tap.packet(bytes:sub(1, 36)), { sport = 40000, dport = "absent" })
    wire.check(tap.packet(bytes:sub(1, 34)), { sport = "absent", dport = "absent" })
  end)
end)

describe("len and time_ns", function()
  it("are the frame's", function()
    wire.check(tap.packet("\0", { len = 99, time_ns = 7 }), { len = 99, time_ns = 7 })
    wire.check(tap.packet("\0"), { len = 1, time_ns = "absent" })
  end)
end)

describe("undotted names of a protocol that is not built in", function()
  it("read where it says that its ends are, as far as they were captured", function()
    local probe = require "spec.base.probe"
    local lines = probe("spec/proto/ends_probe.c", { "base", "proto" }, "")
    -- toynet: dst at 0, src at 4; toyport: dport at 1, sport at 3
    assert.equal("192.0.2.1 192.0.2.2 1234 80 \n" .. ("0"):rep(18) .. "1111" .. "2222" .. "33" .. "4\n", lines)
  end)
end)
