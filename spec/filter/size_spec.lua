--- How large programs are beside tcpdump's optimised ones, and their dumps, where both compile a
--- filter to the same program, beside tcpdump's dumps.

local build = require "spec.support.build"
local live = require "spec.support.live"
local run = require "spec.support.run"
local tap = require "moontap"

local FILTERS <const> = {
  "ip", "arp", "ip6", "not arp", "tcp", "udp", "sctp", "icmp", "ip proto 47", "icmp or icmp6", "tcp port 80",
  "udp port 53", "port 53", "not port 22", "tcp dst port 443", "port 80 or 443", "tcp port 80 or 443 or 8080",
  "(tcp or udp) and port 53", "portrange 1024-65535", "tcp portrange 8000-8080", "udp and (port 67 or port 68)",
  "tcp and (dst port 80 or dst port 443) and not dst net 10.0.0.0/8", "host 10.0.0.1", "src host 10.0.0.1",
  "host 10.0.0.1 and host 10.0.0.2", "host 10.0.0.1 or host 10.0.0.2", "host 10.0.0.1 and tcp port 22",
  "tcp and host 10.0.0.1 and not port 22", "not (host 10.0.0.1 or port 22)",
  "host 10.0.0.1 and (port 80 or port 443) and not src net 10.1.0.0/16",
  "(host 10.0.0.1 or host 10.0.0.2 or host 10.0.0.3) and (port 80 or port 443)",
  "src host 10.0.0.1 and tcp src port 1024 and dst host 10.0.0.2 and tcp dst port 80", "net 192.168.0.0/16",
  "src net 10.0.0.0/8 and dst net 192.168.0.0/16", "net 10.0.0.0/8 or net 172.16.0.0/12 or net 192.168.0.0/16",
  "src net 10.0.0.0/8 or src net 172.16.0.0/12 or src net 192.168.0.0/16",
  "not (src net 10.0.0.0/8 and dst net 10.0.0.0/8)", "ip and not net 127.0.0.0/8", "host 2001:db8::1",
  "ip6 net 2001:db8::/32", "ether host 02:00:00:00:00:01", "ether broadcast", "multicast", "ip multicast",
  "not broadcast and not multicast", "greater 1000", "ether proto 0x88cc", "tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
  "tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn", "tcp[2:2] > 1024 and tcp[2:2] < 2048",
  "icmp[icmptype] != icmp-echo and icmp[icmptype] != icmp-echoreply",
  "tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
  "tcp[((tcp[12:1] & 0xf0) >> 2):4] = 0x47455420",
  "tcp port 443 and (tcp[((tcp[12] & 0xf0) >> 2)] = 0x16)", "icmp6 and ip6[40] = 135", "ip[6:2] & 0x1fff != 0",
  "ip[8] < 5", "vlan", "vlan 100", "vlan 100 and tcp port 80", "vlan 100 and vlan 200 and ip",
  "mpls 1024 and host 10.0.0.1", "pppoes and tcp port 80",
}

--- Each operation with a constant.
local SUMS <const> = {
  "ip[0:4] + 300 = 5", "ip[0] * 300 = 6", "ip[0:2] / 20 = 6", "ip[0:2] % 20 = 6", "ip[0] | 16 = 16",
  "ip[0] ^ 16 = 5", "ip[0] << 11 = 6", "ip[0] >> 11 = 6", "ip[0:4] - 300 = 6", "ip[0:4] + 0xfffffff0 = 2",
  "ip[0:4] & 0x110 = 16",
}

--- What tcpdump prints of a filter's program, from a file or an interface.
local function theirs(letters, source, text)
  local r = run { "tcpdump", letters, source[1], source[2], text }
  assert(r.code == 0, r.err)
  return r.out
end

describe("programs and tcpdump's", function()
  local path

  setup(function()
    path = os.tmpname()
    run.write(path, build.pcap {})
  end)
  teardown(function() os.remove(path) end)

  it("are not larger, summed up, and none by more than 3 instructions", function()
    local ours_sum, theirs_sum = 0, 0
    for _, text in ipairs(FILTERS) do
      local size = tonumber(theirs("-ddd", { "-r", path }, text):match("^%d+"))
      local ours = #assert(tap.filter(text)):code("file")
      assert.is_true(ours <= size + 3, ("%s: %d, tcpdump's %d"):format(text, ours, size))
      ours_sum, theirs_sum = ours_sum + ours, theirs_sum + size
    end
    assert.is_true(theirs_sum > 900 and ours_sum <= theirs_sum, ("%d, tcpdump's %d"):format(ours_sum, theirs_sum))
  end)

  it("are dumped alike where they are the same", function()
    local same = 0
    for _, text in ipairs(table.move(FILTERS, 1, #FILTERS, #SUMS + 1, { table.unpack(SUMS) })) do
      local filter = assert(tap.filter(text))
      if filter:dump("numbers", "file") == theirs("-ddd", { "-r", path }, text) then
        same = same + 1
        assert.equal(theirs("-d", { "-r", path }, text), filter:dump("text", "file"), text)
        assert.equal(theirs("-dd", { "-r", path }, text), filter:dump("c", "file"), text)
      end
    end
    assert.is_true(same > #FILTERS / 2, same)
  end)

  live.it(it, pending)("are smaller where a live filter asks for tags", function()
    local link <close> = live.pair()
    local ours_sum, theirs_sum = 0, 0
    for _, text in ipairs { "vlan", "vlan 100", "vlan 5 and tcp port 80", "vlan 100 and vlan 200 and ip" } do
      local size = tonumber(theirs("-ddd", { "-i", link.b }, text):match("^%d+"))
      local ours = #assert(tap.filter(text, 1, { live = true })):code()
      assert.is_true(ours <= size, ("%s: %d, tcpdump's %d"):format(text, ours, size))
      ours_sum, theirs_sum = ours_sum + ours, theirs_sum + size
    end
    assert.is_true(ours_sum < theirs_sum, ("%d, tcpdump's %d"):format(ours_sum, theirs_sum))
  end)
end)
