--- Ethernet frames in tunnels of each kind: for specs of what holds of all layers of a packet.
local build = require "spec.support.build"
local frames = require "spec.proto.random"
local wire = require "spec.proto.wire"

local V4 <const> = { src = "192.0.2.1", dst = "192.0.2.2" }
local V6 <const> = { src = "2001:db8::1", dst = "2001:db8::2" }
local MACS <const> = "02000000000a 02000000000b "

-- Ethernet frames of which a tunnel may carry each, besides random ones.
local CARRIED <const> = {
  "8863 11 09 0000 0008 0101 0000 0103 0000", -- PPPoE, its discovery
  "8864 11 00 0011 001e 0021" .. wire.INNER,
  "0026 4242 03 0000 00 00 01 8001 00005e005301 0000000c 8001 00005e005302 8041 0100 1400 0200 0f00",
  "000c aaaa 03 00000c 2000 02 b4 0000", -- CDP
  "88cc 0207 04 02000000000b 0402 0731 0602 0078 0000",
  "8809 01 01 01 14 8000 02000000000b 0001 8000 0001 3d 000000 02 14 8000 02000000000a 0001 8000 0001 3d 000000",
  "888e 01 01 0000", "8100 2005 0800" .. wire.INNER,
  "88a8 0006 8100 0007 0806 0001080006040001" .. ("0a"):rep(20),
  "8847 00014040 0001513f" .. wire.INNER, "8847 0001513f 00000000 " .. wire.INNER_ETH,
  "0800 4500 0024 0000 0000 01 02 0000 0a000001 e0000001  1664 0000 e0000101 0102030405060708",
  "0800 4600 0020 0000 0000 40 33 0000 94040000 0a000001 e0000001  1164 0000 e0000101",
}

--- An Ethernet frame in each kind of tunnel, and one in two.
local function wrap(frame)
  local function udp(port, header)
    return build.udp(wire.hex(header) .. frame, V4, { srcport = 40000, dstport = port })
  end
  local vxlan = udp(4789, "0800 0000 000001 00")
  return {
    build.eth(build.ipv4(vxlan, V4, { proto = 17 })),
    build.eth(build.ipv6(vxlan, V6, { next = 17 })),
    build.eth(build.ipv4(udp(6081, "0000 6558 000001 00"), V4, { proto = 17 })),
    build.eth(build.ipv4(wire.hex "0000 6558" .. frame, V4, { proto = 47 })),
    build.eth(build.ipv4(wire.hex "3000" .. frame, V4, { proto = 97 })),
    build.eth(build.ipv4(build.ipv4(vxlan, V4, { proto = 17 }), V4, { proto = 4 })),
  }
end

--- Frames that lie in tunnels, and the same frames in none.
return function()
  local inner, list = {}, {}
  for _, digits in ipairs(CARRIED) do inner[#inner + 1] = wire.hex(MACS .. digits) end
  frames.seed(7)
  for _ = 1, 20 do inner[#inner + 1] = frames.frame() end
  for i, frame in ipairs(inner) do
    local wrapped = wrap(frame)
    list[#list + 1] = frame
    if i <= #CARRIED then
      table.move(wrapped, 1, #wrapped, #list + 1, list)
    else
      list[#list + 1] = wrapped[i % #wrapped + 1]
    end
  end
  return list
end
