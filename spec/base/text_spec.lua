-- csrc/base/text.c through a small C program, against libc and the texts of the RFCs.

local probe = require "spec.base.probe"

--- What text.c makes of each of the lines "verb argument".
local function texts(lines)
  local out = {}
  local printed = probe("spec/base/text_probe.c", { "base" }, table.concat(lines, "\n") .. "\n")
  for line in printed:gmatch("([^\n]*)\n") do out[#out + 1] = line end
  return out
end

--- Compare pairs of { what to ask, what to get }.
local function check(pairs_)
  local lines = {}
  for i, pair in ipairs(pairs_) do lines[i] = pair[1] end
  local got = texts(lines)
  for i, pair in ipairs(pairs_) do assert.equal(pair[2], got[i], pair[1]) end
  assert.equal(#pairs_, #got)
end

local function hex(bytes)
  return (bytes:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

describe("tap_text", function()
  it("agrees with libc on random numbers, times and addresses", function()
    assert.same({ "20000 rounds, 0 differ" }, texts { "random 20000" })
  end)

  it("puts numbers to the ends of their range", function()
    check {
      { "uint 0", "0" }, { "uint 9", "9" }, { "uint 10", "10" }, { "uint 99", "99" },
      { "uint 100", "100" }, { "uint 18446744073709551615", "18446744073709551615" },
      { "int -9223372036854775808", "-9223372036854775808" }, { "int -1", "-1" },
      { "hex 0 0", "0" }, { "hex 255 4", "00ff" }, { "hex 18446744073709551615 0", "ffffffffffffffff" },
      { "padded 7 3", "007" }, { "padded 1234 3", "1234" },
    }
  end)

  it("puts IPv6 addresses as RFC 5952 asks", function()
    check {
      { "ipv6 00000000000000000000000000000000", "::" },
      { "ipv6 00000000000000000000000000000001", "::1" },
      { "ipv6 20010db8000000000000000000000001", "2001:db8::1" },
      { "ipv6 20010db8000100000000000000000000", "2001:db8:1::" },
      { "ipv6 20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1" }, -- one group stays (4.2.2)
      { "ipv6 20010db8000000000001000000000001", "2001:db8::1:0:0:1" },    -- the first of equals (4.2.3)
      { "ipv6 20010000000000010000000000000001", "2001:0:0:1::1" },        -- the longest
      { "ipv6 00000000000000000000ffffc0000201", "::ffff:192.0.2.1" },     -- section 5
      { "ipv6 fe80000000000000abcdef0123456789", "fe80::abcd:ef01:2345:6789" },
    }
  end)

  it("puts the other addresses", function()
    check {
      { "ipv4 00000000", "0.0.0.0" }, { "ipv4 ffffffff", "255.255.255.255" },
      { "ipv4 01096364", "1.9.99.100" }, { "mac 0200000000ff", "02:00:00:00:00:ff" },
      { "dump 000aff", "000aff" }, { "dump", "" },
    }
  end)

  it("puts times, also before 1970", function()
    check {
      { "seconds 0", "0.000000000" }, { "seconds 1700000000123456789", "1700000000.123456789" },
      { "seconds -1500000000", "-1.500000000" }, { "seconds -1", "-0.000000001" },
      { "seconds -9223372036854775808", "-9223372036.854775808" },
      { "rfc3339 0", "1970-01-01T00:00:00.000000000Z" },
      { "rfc3339 -1", "1969-12-31T23:59:59.999999999Z" },
      { "rfc3339 951782400000000000", "2000-02-29T00:00:00.000000000Z" },
      { "rfc3339 1709251199999999999", "2024-02-29T23:59:59.999999999Z" },
      { "rfc3339 -2203891200000000000", "1900-03-01T00:00:00.000000000Z" }, -- 1900 was no leap year
      { "rfc3339 9223372036854775807", "2262-04-11T23:47:16.854775807Z" },
      { "rfc3339 -9223372036854775808", "1677-09-21T00:12:43.145224192Z" },
    }
  end)

  it("escapes what could break a line, steer a terminal or is no UTF-8", function()
    check {
      { "escaped " .. hex "plain text", "plain text" },
      { "escaped " .. hex "a\tb\nc\rd\\e", [[a\tb\nc\rd\\e]] },
      { "escaped " .. hex "\0\x1b[31m\x7f", [[\x00\x1b[31m\x7f]] },
      { "escaped " .. hex "gr\u{fc}n \u{20ac} \u{1f600}", "gr\u{fc}n \u{20ac} \u{1f600}" },
      { "escaped " .. hex "\u{85}", [[\xc2\x85]] },         -- a control character of the second set
      { "escaped " .. hex "\xff\xc0\xaf", [[\xff\xc0\xaf]] }, -- an overlong slash
      { "escaped " .. hex "\xed\xa0\x80", [[\xed\xa0\x80]] }, -- a surrogate
      { "escaped " .. hex "\xf4\x90\x80\x80", [[\xf4\x90\x80\x80]] }, -- over U+10FFFF
      { "escaped " .. hex "\xe2\x82", [[\xe2\x82]] },       -- the end of the text within a character
    }
  end)

  it("quotes as RFC 4180 does, where it has to", function()
    check {
      { "quote", "" }, { "quote " .. hex "plain 'text'; \t", "plain 'text'; \t" },
      { "quote " .. hex "a,b", '"a,b"' }, { "quote " .. hex 'say "x"', '"say ""x"""' },
      { "quote " .. hex '"', '""""' }, { "quote " .. hex "a\rb", '"a\rb"' },
      { "quotecut 6", ' cut ended' }, { "quotecut 7", '"a,""" whole ended' },
    }
  end)

  it("cuts what does not fit and says so", function()
    check {
      { "cut word 6", "word whole ended" }, { "cut word 5", "word whole ended" },
      { "cut word 4", "wor cut ended" }, { "cut word 2", "w cut ended" },
      { "cut word 1", " cut ended" },
    }
  end)
end)
