--- Bytes from a hex dump of any usual make: plain digits (with spaces, colons, dashes, commas,
-- 0x or \x before each byte), a C array or string, tcpdump -x and -X, xxd, hexdump -C, od -t x1,
-- tshark -x and Wireshark. A dump's offsets and its column of characters are left out; the
-- offsets tell how many bytes each line has. Invariant: no byte is guessed, what is not
-- understood is nil and a message.
local M = {}

local BYTES_MAX <const> = 16 << 20

local function decode(digits)
  return (digits:gsub("%x%x", function(pair) return string.char(tonumber(pair, 16)) end))
end

--- A line of a dump: an offset with a colon (tcpdump, xxd), or one without before bytes that
--- stand alone (hexdump -C, od, Wireshark), or an offset alone (where a dump ends).
local function parse_offset(line)
  local offset, rest = line:match("^%s*0[xX](%x+):%s+()")
  if not offset then offset, rest = line:match("^%s*(%x%x%x%x+):%s+()") end
  if offset then return { offset = offset, at = rest, colon = true } end
  offset, rest = line:match("^%s*(%x%x%x%x+)%s+()%x%x%f[%X]")
  if not offset then offset, rest = line:match("^%s*(%x%x%x%x+)%s*()$") end
  if offset and #offset <= 8 then return { offset = offset, at = rest } end
end

--- The lines of a dump, from the first one with an offset on; what stands before it is a title.
--- nil where the text is no dump.
local function read_rows(text)
  local rows, number, stray = {}, 0, nil
  for line in (text .. "\n"):gmatch("(.-)\r?\n") do
    number = number + 1
    line = line:gsub("\t", "  ")
    local row = parse_offset(line)
    if row then
      row.line, row.number = line, number
      rows[#rows + 1] = row
    elseif #rows > 0 and line:match("^%s*%*%s*$") then
      rows[#rows].squeezed = true
    elseif #rows > 0 and line:match("%S") then
      stray = stray or number
    end
  end
  local first = rows[1]
  if not first or first.at > #first.line then return nil end
  return rows, stray
end

--- Groups of digits in a row's line: up to 'most' bytes, ending at column 'last' or before.
--- Without the two, the groups end where the gap is wider than between groups; two spaces are
--- also what stands in the middle of 16 bytes.
local function take_groups(row, most, last)
  local line, at, count, digits = row.line, row.at, 0, {}
  while not most or count < most do
    local gap, group, stop = line:match("^( *)(%x+)()", at)
    if not group or #group % 2 ~= 0 or line:match("^[^%s|]", stop) then break end
    if last and stop - 1 > last then break end
    if not (most or last) and #gap > 1 and not (#gap == 2 and count == 8) then break end
    count = count + #group // 2
    digits[#digits + 1], at = group, stop
  end
  return table.concat(digits), count, at - 1
end

--- Offsets of rows as numbers to 'base', or nil where they don't go up.
local function read_offsets(rows, base)
  local last
  for _, row in ipairs(rows) do
    row.from = tonumber(row.offset, base)
    if not row.from or last and row.from <= last then return nil, row.number end
    last = row.from
  end
  return true
end

--- The bytes of a row with 'want' bytes to the next row's offset (nil: it is the last one).
local function row_bytes(row, want, last)
  local digits, count, stop = take_groups(row, not row.squeezed and want or nil, last)
  if want and not row.squeezed and count ~= want or want and count == 0 then
    return nil, ("line %d has %d bytes, its offset says %d"):format(row.number, count, want)
  end
  local bytes = decode(digits)
  if row.squeezed and want then
    if want % #bytes ~= 0 then return nil, ("line %d: '*' does not fit"):format(row.number + 1) end
    bytes = bytes:rep(want // #bytes)
  end
  return bytes, nil, stop
end

--- All bytes of the dump whose offsets count to 'base'.
local function join_rows(rows, base)
  local ok, at = read_offsets(rows, base)
  if not ok then return nil, ("line %d: the offset does not follow the one before"):format(at) end
  if rows[#rows].from - rows[1].from > BYTES_MAX then return nil, "the dump is over 16 MiB" end
  local parts, last = {}, nil
  for i, row in ipairs(rows) do
    local after = rows[i + 1]
    local bytes, message, stop = row_bytes(row, after and after.from - row.from, last)
    if not bytes then return nil, message end
    last = last or after and stop
    parts[i] = bytes
  end
  return table.concat(parts)
end

--- Bytes of a dump with offsets; nil alone where the text is none.
local function from_dump(text)
  local rows, stray = read_rows(text)
  if not rows then return nil end
  local bytes, message
  if stray then
    message = ("line %d is no part of the dump"):format(stray)
  else
    bytes, message = join_rows(rows, 16)
    if not bytes then bytes = join_rows(rows, 8) end
  end
  if bytes then return bytes end
  return nil, rows[1].colon and message or nil
end

--- Take away what stands around the digits in source code: comments, a declaration, quotes.
local function strip_source(text)
  text = text:gsub("/%*.-%*/", " "):gsub("//[^\n]*", " "):gsub("#[^\n]*", " ")
  text = text:gsub("%-%-[^\n]*", " ")
  local inside, after = text:match("{([^{}]*)}()")
  if after and text:find("{", after, true) then return nil, "there is more than one array in it" end
  return ((inside or text):gsub("[\"']", " "):gsub("\\\r?\n", " "))
end

--- One run of digits, with 0x or \x before each byte or before all, or without.
local function token_digits(token)
  local digits = token:gsub("\\x", ""):gsub("^0[xX]", "")
  if #digits == 1 and digits ~= token then digits = "0" .. digits end
  if digits:find("%X") then return nil, ("'%s' is no hex"):format(token) end
  if #digits % 2 ~= 0 then return nil, ("'%s' has an odd number of digits"):format(token) end
  return digits
end

--- Bytes of plain digits.
local function from_digits(text)
  local stripped, why = strip_source(text)
  if not stripped then return nil, why end
  local parts = {}
  for token in stripped:gmatch("[^%s:,;.%-]+") do
    local digits, message = token_digits(token)
    if not digits then return nil, message end
    parts[#parts + 1] = digits
  end
  return decode(table.concat(parts))
end

--- The bytes that a dump shows.
---@param text string
---@return string? bytes
---@return string? message
function M.bytes(text)
  local bytes, message = from_dump(text)
  if not bytes and not message then bytes, message = from_digits(text) end
  if not bytes then return nil, message end
  if bytes == "" then return nil, "there is no hex in it" end
  return bytes
end

return M
