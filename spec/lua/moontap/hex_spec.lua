--- Hex dumps of other programs, read back to the bytes that those programs were given.
local build = require "spec.support.build"
local hex = require "moontap.hex"
local run = require "spec.support.run"

--- Bytes that are hard on a reader: among them digits, spaces, bars and colons as text.
local function hard_bytes(n, seed)
  local out = {}
  for i = 1, n do
    seed = (seed * 1103515245 + 12345) & 0x7fffffff
    local pick <const> = seed >> 16
    if pick % 2 == 0 then
      out[i] = ("0123456789abcdefABCDEF |:*.x"):sub(pick // 2 % 28 + 1):sub(1, 1)
    else
      out[i] = string.char(pick // 2 % 256)
    end
  end
  return table.concat(out)
end

local function with_file(bytes, fn)
  local path = os.tmpname()
  run.write(path, bytes)
  fn(path)
  os.remove(path)
end

describe("hex.bytes", function()
  it("reads plain digits with anything usual between them", function()
    for _, text in ipairs {
      "45000aff", "45 00 0a ff", "4500 0AFF", "45:00:0a:ff", "45-00-0A-FF", "45,00,0a,ff", "45.00.0a.ff",
      "0x45 0x00 0x0a 0xff", "0x45000aff", "0X45,0X00,0X0A,0XFF", "\\x45\\x00\\x0a\\xff",
      '"\\x45\\x00" \\\n"\\x0a\\xff"', "45 00\n0a ff\n", "\t45\r\n00\r\n0aff", "'45000aff'",
    } do
      assert.equal("\x45\x00\x0a\xff", hex.bytes(text), text)
    end
  end)

  it("leaves out comments", function()
    local text = [[
      45 00   # version, tos
      00 14   // length
      12 34   -- id
      /* flags
         and offset */ 40 00
    ]]
    assert.equal("\x45\x00\x00\x14\x12\x34\x40\x00", hex.bytes(text))
  end)

  it("reads a C array, and single digits in it", function()
    local text = "static const unsigned char frame[4] = { /* a frame */\n  0x45, 0x0,\n  0x0a, 0xff };\n" ..
      "unsigned int frame_len = 4;\n"
    assert.equal("\x45\x00\x0a\xff", hex.bytes(text))
  end)

  it("refuses two arrays", function()
    local bytes, message = hex.bytes("char a[] = { 0x45 }; char b[] = { 0x46 };")
    assert.is_nil(bytes)
    assert.equal("there is more than one array in it", message)
  end)

  it("refuses an odd number of digits and names them", function()
    local bytes, message = hex.bytes("45 00 0")
    assert.is_nil(bytes)
    assert.equal("'0' has an odd number of digits", message)
  end)

  it("refuses what is no hex and names it", function()
    local bytes, message = hex.bytes("45 0g")
    assert.is_nil(bytes)
    assert.equal("'0g' is no hex", message)
  end)

  it("refuses a text without hex", function()
    for _, text in ipairs { "", "  \n", "# nothing" } do
      local bytes, message = hex.bytes(text)
      assert.is_nil(bytes)
      assert.equal("there is no hex in it", message)
    end
  end)

  it("reads what xxd prints", function()
    local text = "00000000: 4500 003c 1c46 4000 4006 b1e6 ac10 0a63  E..<.F@.@......c\n" ..
      "00000010: 6162 2063 64                             ab cd\n"
    assert.equal("\x45\x00\x00\x3c\x1c\x46\x40\x00\x40\x06\xb1\xe6\xac\x10\x0a\x63ab cd", hex.bytes(text))
  end)

  it("reads what hexdump -C prints, repeated lines too", function()
    local text = "00000000  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|\n*\n" ..
      "00000030  61 62 20 63 64                                    |ab cd|\n00000035\n"
    assert.equal(("\0"):rep(48) .. "ab cd", hex.bytes(text))
  end)

  it("reads what Wireshark copies", function()
    local text = "0000   45 00 00 3c 1c 46 40 00 40 06 b1 e6 ac 10 0a 63   E..<.F@.@......c\n" ..
      "0010   61 62 20 63 64                                    ab cd\n"
    assert.equal("\x45\x00\x00\x3c\x1c\x46\x40\x00\x40\x06\xb1\xe6\xac\x10\x0a\x63ab cd", hex.bytes(text))
  end)

  it("reads what od prints, with offsets of either base", function()
    for n = 1, 100 do
      local bytes = hard_bytes(n, n)
      with_file(bytes, function(path)
        for _, words in ipairs {
          { "od", "-A", "x", "-t", "x1", path }, { "od", "-t", "x1", path },
          { "od", "-A", "x", "-t", "x1z", path }, { "od", "-v", "-A", "n", "-t", "x1", path },
        } do
          local text = run(words).out
          assert.equal(bytes, hex.bytes(text), text)
        end
      end)
    end
  end)

  it("refuses offsets that do not fit the bytes", function()
    local bytes, message = hex.bytes("0x0000:  4500 003c\n0x0010:  1c46\n")
    assert.is_nil(bytes)
    assert.equal("line 1 has 4 bytes, its offset says 16", message)
    bytes, message = hex.bytes("0x0000:  4500\n0x0000:  4600\n")
    assert.is_nil(bytes)
    assert.equal("line 2: the offset does not follow the one before", message)
  end)

  it("refuses a line inside of a dump that is no part of it", function()
    local bytes, message = hex.bytes("0x0000:  4500\nhello\n0x0002:  4600\n")
    assert.is_nil(bytes)
    assert.equal("line 2 is no part of the dump", message)
  end)

  it("refuses a dump of unreasonable size", function()
    local bytes, message = hex.bytes("00000000  00\n*\n7fffffff\n")
    assert.is_nil(bytes)
    assert.is_nil(message and message:match("memory"))
  end)

  it("never raises, whatever the text", function()
    for seed = 1, 300 do
      local text = hard_bytes(seed, seed * 7)
      local bytes, message = hex.bytes(text)
      assert.is_true(type(bytes) == "string" or type(message) == "string")
    end
  end)
end)

describe("hex.bytes of a capture", function()
  local frames, path = {}, nil

  setup(function()
    for i = 1, 40 do frames[i] = build.udp_frame { payload = hard_bytes(i * 3, i) } end
    path = os.tmpname()
    run.write(path, build.pcap(frames))
  end)

  teardown(function() os.remove(path) end)

  --- The texts of single packets in what a program printed.
  local function split(text, pattern)
    local packets = {}
    for line in text:gmatch("[^\n]*\n") do
      if line:match(pattern) or #packets == 0 then packets[#packets + 1] = "" end
      packets[#packets] = packets[#packets] .. line
    end
    return packets
  end

  it("is what tcpdump was given", function()
    for _, flag in ipairs { "-xx", "-XX" } do
      local packets = split(run { "tcpdump", "-nn", flag, "-r", path }.out, "^%d%d:%d%d:")
      assert.equal(#frames, #packets)
      for i, text in ipairs(packets) do assert.equal(frames[i], hex.bytes(text), text) end
    end
  end)

  it("is what tshark was given", function()
    local packets = split(run { "tshark", "-x", "-r", path }.out, "^0000 ")
    assert.equal(#frames, #packets)
    for i, text in ipairs(packets) do assert.equal(frames[i], hex.bytes(text), text) end
  end)
end)
