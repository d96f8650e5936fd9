--- What a layout can say, and what becomes of bytes that are cut or wrong.
local tap = require "moontap"

local USER0 <const> = 147

--- Bytes of hex digits, however they are grouped: no offsets and no text beside them.
local function bytes_of(hex)
  return (hex:gsub("%s", ""):gsub("..", function(digits) return string.char(tonumber(digits, 16)) end))
end

--- Declare "lay" anew, found in every frame of a link type, and decode 'hex' as one.
local function decode(items, hex, len)
  tap.protocol("lay", items):on("frame.linktype", USER0)
  return tap.packet(bytes_of(hex), { linktype = USER0, len = len })
end

--- Hold the fields of a declaration against what they are to be.
local function check(items, hex, expected)
  local p = decode(items, hex)
  for name, value in pairs(expected) do
    local want = value
    if value == "absent" then want = nil end
    local got = type(value) == "table" and p:all("lay." .. name) or p["lay." .. name]
    assert.same({ [name] = want }, { [name] = got })
  end
  return p
end

--- Leave the link type to other specs.
local function forget()
  tap.protocol("lay", { { "a", "u8" } })
end

describe("a layout's numbers", function()
  teardown(forget)

  it("are read in either byte order, signed or not", function()
    check({
      { "a", "u8" }, { "b", "u16" }, { "c", "u24" }, { "d", "u32" }, { "e", "u40" }, { "f", "u48" }, { "g", "u64" },
    }, "01 0203 040506 0708090a 0102030405 010203040506 8102030405060708", {
      a = 1, b = 0x203, c = 0x40506, d = 0x708090a, e = 0x102030405, f = 0x10203040506, g = 0x8102030405060708,
    })
    check({ { "b", "u16le" }, { "c", "u24le" }, { "d", "u32le" }, { "f", "u48le" }, { "g", "u64le" } },
      "0203 040506 0708090a 010203040506 8102030405060788", {
        b = 0x302, c = 0x60504, d = 0xa090807, f = 0x60504030201, g = 0x8807060504030281,
      })
    check({ { "a", "i8" }, { "b", "i16" }, { "c", "i24le" }, { "d", "i32" }, { "g", "i64le" } },
      "ff fffe fdffff 80000000 feffffffffffffff", { a = -1, b = -2, c = -3, d = -2147483648, g = -2 })
  end)

  it("give their bytes as they stand on the wire", function()
    check({ { "a", "u16le" }, { "b", "u16" }, { "n", "u8" }, { "v", "bytes", size = "n" }, { "c", "u32le" } },
      "0102 0304 01 00 05060708", {
        ["a:raw"] = "\1\2", ["b:raw"] = "\3\4", ["c:raw"] = "\5\6\7\8", c = 0x08070605,
      })
  end)

  it("may be bits that cross bytes", function()
    local p = check({ { "f", "bit" }, { "a", "bits:3" }, { "b", "bits:9" }, { "g", "bit" }, { "c", "bits:2" } },
      "b5 5b", { f = true, a = 3, b = 0xab, g = false, c = 3 })
    assert.equal(2, #p:bytes(0))
  end)

  it("may be floats", function()
    local p = check({ { "a", "f32" }, { "b", "f64le" }, { "n", "u8" } },
      "3fc00000 000000000000f8bf 07", { a = 1.5, b = -1.5, n = 7 })
    assert.matches('"lay.a":1.5,"lay.b":%-1.5', p:json())
    assert.matches("a: 1.5 ", p:show())
    p = decode({ { "a", "f32" } }, "7f800000")
    assert.equal(math.huge, p.lay_a)
    assert.matches('"lay.a":null', p:json())
  end)

  it("may be of variable length", function()
    local items = { { "a", "varint" }, { "b", "quicint" } }
    check(items, "00 00", { a = 0, b = 0 })
    check(items, "ac 02 7bbd", { a = 300, b = 15293 })
    check(items, "ffffffffffffffffff 01 c2197c5eff14e88c", { a = -1, b = 151288809941952652 })
    check(items, "7f 9d7f3e7d", { a = 127, b = 494878333 })
    assert.equal("lay: malformed header at byte 0", decode(items, "ffffffffffffffffff02 00").fault)
    assert.equal("lay: header cut short at byte 2", decode(items, "ffff").fault)
    assert.equal("lay: header cut short at byte 2", decode(items, "00 40").fault)
  end)
end)

describe("a layout's bytes", function()
  teardown(forget)

  it("are addresses in their notation", function()
    local p = check({ { "a", "ipv4" }, { "m", "mac" }, { "e", "eui64" }, { "s", "ipv6" } },
      "c0000201 020000000001 0200000000000003 20010db8000000000000000000000001", {
        a = "192.0.2.1", m = "02:00:00:00:00:01", e = "02:00:00:00:00:00:00:03", s = "2001:db8::1",
      })
    assert.matches('"lay.e":"02:00:00:00:00:00:00:03"', p:json())
  end)

  it("have a size that is constant, a field's, worked out, or all that is left", function()
    check({ { "a", "bytes", size = 2 }, { "n", "u8" }, { "t", "text", size = "n" }, { "m", "u8" },
      { "u", "bytes", size = "(m - 1) * 2 + n / 2" }, { "r", "bytes", size = "rest - 1" }, { "end", "u8" } },
      "0102 03 616263 02 040506 0708 09",
      { a = "\1\2", t = "abc", u = "\4\5\6", r = "\7\8", ["end"] = 9 })
  end)

  it("end at a zero byte, or have their length before them", function()
    check({ { "z", "cstring" }, { "p", "text", length = "u8" }, { "q", "bytes", length = "u16le" } },
      "6162 00 02 6364 0300 010203", { z = "ab", p = "cd", q = "\1\2\3" })
    assert.equal("lay: header cut short at byte 2", decode({ { "z", "textz" } }, "6162").fault)
    assert.equal("lay: header cut short at byte 2", decode({ { "p", "text", length = "u8" } }, "0261").fault)
  end)

  it("are malformed where the size is none", function()
    for _, size in ipairs { "n - 2", "n / 0", "4 / (n - 1)" } do
      local p = decode({ { "n", "u8" }, { "t", "text", size = size } }, "01 61")
      assert.equal("lay: malformed header at byte 0", p.fault)
    end
  end)

  it("may be padding, or go to a boundary", function()
    check({ { "a", "u8" }, { "x", "pad", size = 2 }, { "b", "u8" }, { "n", "u8" }, { "t", "text", size = "n" },
      { "y", "align", align = 4 }, { "c", "u8" } }, "01 ffff 02 02 6162 ff 03", { a = 1, b = 2, t = "ab", c = 3 })
  end)
end)

describe("a layout's constants", function()
  teardown(forget)

  local items = { { "magic", "text", const = "SNS" }, { "v", "u8", expect = 2 } }

  it("tell the protocol from others", function()
    check(items, "534e53 02", { magic = "SNS", v = 2 })
    assert.same({}, decode(items, "534e54 02"):layers())
    assert.is_nil(decode(items, "534e54 02").fault)
  end)

  it("are what a header must have", function()
    local p = check(items, "534e53 03", { magic = "SNS" })
    assert.equal("lay: malformed header at byte 0", p.fault)
  end)
end)

describe("a layout's conditions", function()
  teardown(forget)

  local items = {
    { "kind", "u8" }, { "flags", "u8" },
    { "a", "u16", when = "kind == 1" },
    { "b", "u8", when = "flags & 0x80 and kind != 1" },
    { "c", "group", { { "x", "u8" }, { "y", "u8" } }, when = "not (kind < 2) or kind > 9" },
    { "last", "u8" },
  }

  it("say which fields are there", function()
    check(items, "01 80 0102 09", { a = 0x102, b = "absent", ["c.x"] = "absent", last = 9 })
    check(items, "00 80 05 09", { a = "absent", b = 5, last = 9 })
    check(items, "02 00 06 07 09", { ["c.x"] = 6, ["c.y"] = 7, b = "absent", last = 9 })
  end)
end)

describe("a layout's repeats", function()
  teardown(forget)

  it("come as often as a count says", function()
    local pair = { { "a", "u8" }, { "b", "u8" } }
    local p = check({ { "n", "u8" }, { "id", "u16", count = "n" }, { "m", "list", pair, count = 2 }, { "last", "u8" } },
      "02 0001 0002 03 04 05 06 07", {
        id = { 1, 2 }, ["id#2"] = 2, ["id#3"] = "absent", ["m.a"] = { 3, 5 }, ["m.b"] = { 4, 6 }, last = 7,
      })
    assert.matches('"lay.id":%[1,2%],"lay.m.a":%[3,5%],"lay.m.b":%[4,6%],"lay.last":7', p:json())
  end)

  it("come until the bytes end, or a field says so", function()
    check({ { "s", "text", length = "u8", ["until"] = "rest" } }, "01 61 00 02 6263", { s = { "a", "", "bc" } })
    check({ { "e", "list", { { "t", "u8" }, { "v", "bytes", size = 1, when = "t != 0" } }, ["until"] = "e.t == 0" },
      { "last", "u8" } }, "01 61 02 62 00 09", { ["e.t"] = { 1, 2, 0 }, ["e.v"] = { "a", "b" }, last = 9 })
  end)

  it("nest, with lengths of their own", function()
    check({ { "row", "list", { { "n", "u8" }, { "cell", "u8", count = "n" } }, ["until"] = "rest" } },
      "02 01 02 00 01 03", { ["row.n"] = { 2, 0, 1 }, ["row.cell"] = { 1, 2, 3 } })
  end)

  it("of nothing end", function()
    local p = decode({ { "n", "u32" }, { "x", "group", { { "y", "u8" } }, count = "n", when = "n > 1" },
      { "z", "list", { { "w", "u8", when = "n == 0" } }, count = "n" } }, "ffffffff")
    assert.matches("^lay: ", p.fault)
    local nothing = { { "w", "u8", when = "n == 0" } }
    p = decode({ { "n", "u32" }, { "z", "list", nothing, count = "n" } }, "ffffffff")
    assert.matches("malformed", p.fault)
    p = decode({ { "n", "u8" }, { "z", "list", nothing, ["until"] = "rest" } }, "01 02")
    assert.matches("malformed", p.fault)
  end)
end)

describe("a layout's TLVs", function()
  teardown(forget)

  local options = {
    { "opt", "tlv", type = "u8", length = "u8", other = "bytes",
      cases = { [1] = { "unit", "text" }, [2] = { { "seq", "u16" }, { "more", "u16" } } } },
  }

  it("are found by their types, in any order", function()
    check(options, "02 04 0001 0002  01 01 43  09 02 aabb  02 04 0003 0004", {
      ["opt.type"] = { 2, 1, 9, 2 }, ["opt.unit"] = { "C" }, ["opt.seq"] = { 1, 3 }, ["opt.more"] = { 2, 4 },
      ["opt.other"] = { "\xaa\xbb" },
    })
  end)

  it("lack what their value is too short for, and go on", function()
    local p = check(options, "02 02 0001  01 01 43", { ["opt.seq"] = 1, ["opt.more"] = "absent", ["opt.unit"] = "C" })
    assert.is_nil(p.fault)
  end)

  it("may have types that stand alone, and an end", function()
    check({ { "o", "tlv", type = "u8", length = "u8", includes = "header", single = 1, stop = 0,
      cases = { [2] = { "mss", "u16" } } }, { "data", "bytes", size = "rest" } },
      "01 01 02 04 05b4 00 0909", { ["o.type"] = { 1, 1, 2, 0 }, ["o.mss"] = 1460, data = "\9\9" })
  end)

  it("may be padded, and as long as a field says", function()
    check({ { "len", "u8" }, { "a", "tlv", type = "u16", length = "u16", size = "len", align = 4,
      cases = { [3] = { "v", "bytes" } } }, { "last", "u8" } },
      "0d 0003 0001 aa 000000  0003 0001 bb 07", { ["a.v"] = { "\xaa", "\xbb" }, last = 7 })
    check({
      { "a", "tlv", type = "u16le", length = "u16le", align = 4, padded = true, cases = { [3] = { "v", "bytes" } } },
    },
      "0300 0100 aa 000000  0300 0100 bb", { ["a.v"] = { "\xaa", "\xbb" } })
  end)

  it("are malformed where a length is less than what it counts, or leaves the list", function()
    local items = {
      { "n", "u8" }, { "o", "tlv", type = "u8", length = "u8", includes = "header", size = "n", cases = {},
        other = "bytes" },
    }
    assert.matches("malformed", decode(items, "02 05 01").fault)
    assert.matches("malformed", decode(items, "02 05 03 00").fault)
    assert.matches("cut short", decode(items, "04 05 03 00").fault)
    assert.is_nil(decode(items, "03 05 03 00").fault)
  end)
end)

describe("a layout", function()
  teardown(forget)

  local items = {
    { "kind", "u8" }, { "id", "u16le" }, { "t", "text", length = "u8" },
    { "n", "u8" }, { "x", "list", { { "a", "u16" }, { "z", "cstring" } }, count = "n" },
    { "o", "tlv", type = "u8", length = "u8", cases = { [1] = { "u", "u32" } }, other = "bytes" },
  }
  local hex <const> = "01 0200 02 6162 02 0001 6300 0002 6400 01 04 00000009 07 01 ff"

  it("keeps what a cut header holds whole, at every length", function()
    local whole = check(items, hex, {
      kind = 1, id = 2, t = "ab", n = 2, ["x.a"] = { 1, 2 }, ["x.z"] = { "c", "d" }, ["o.u"] = 9, ["o.other"] = "\xff",
    })
    local names = {}
    for _, field in ipairs(tap.fields("lay.*")) do
      if field.type ~= "presence" then names[#names + 1] = field.name end
    end
    assert.equal(9, #names)
    local bytes = whole:bytes(0)
    for n = 0, #bytes - 1 do
      local short = tap.packet(bytes:sub(1, n), { linktype = USER0, len = #bytes })
      for _, name in ipairs(names) do
        local values, all = short:all(name), whole:all(name)
        assert.is_true(#values <= #all)
        for i, value in ipairs(values) do assert.equal(all[i], value) end
      end
      local ends_well = n == 15 or n == 21 -- between two values of the list
      assert.equal(not ends_well and ("lay: header cut short at byte %d"):format(n) or nil, short.fault)
    end
  end)

  it("says where in the frame each field lies", function()
    local text = decode(items, hex):show()
    for name, offset in pairs { kind = 0, id = 1, t = 4, n = 6, ["x.a"] = 7, ["x.z"] = 9, ["o.u"] = 17 } do
      assert.matches(("\n *%d +[^\n]* lay%%.%s\n"):format(offset, name), text .. "\n")
    end
  end)
end)
