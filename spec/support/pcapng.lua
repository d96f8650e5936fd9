--- Blocks of pcapng files, right or wrong as a spec wants them.
---
---     local ng = require "spec.support.pcapng"
---     local s = ng(">")  -- the section's byte order
---     local file = s.section() .. s.interface { name = "eth0" } .. s.enhanced("bytes", { ticks = 5 })

local function padded(bytes)
  return bytes .. ("\0"):rep(-#bytes % 4)
end

---@param order "<"|">"
return function(order)
  local M = {}

  local function pack(format, ...)
    return string.pack(order .. format, ...)
  end

  --- Any block.
  ---@param o? table  { length = as it claims, trailer = as it claims at its end }
  function M.block(type, body, o)
    o = o or {}
    local length = o.length or 12 + #padded(body)
    return pack("I4I4", type, length) .. padded(body) .. pack("I4", o.trailer or length)
  end

  --- A list of options, { code, bytes } each, with their end.
  function M.options(list)
    if #list == 0 then return "" end
    local parts = {}
    for i, option in ipairs(list) do parts[i] = pack("I2I2", option[1], #option[2]) .. padded(option[2]) end
    return table.concat(parts) .. ("\0"):rep(4)
  end

  ---@param o? table  { major =, minor =, options = }
  function M.section(o)
    o = o or {}
    local head = pack("I4I2I2i8", 0x1a2b3c4d, o.major or 1, o.minor or 0, -1)
    return M.block(0x0a0d0d0a, head .. M.options(o.options or {}))
  end

  ---@param o? table  { linktype =, snaplen =, name =, resolution =, offset =, options = }
  function M.interface(o)
    o = o or {}
    local list = table.move(o.options or {}, 1, #(o.options or {}), 1, {})
    if o.name then list[#list + 1] = { 2, o.name } end
    if o.resolution then list[#list + 1] = { 9, string.char(o.resolution) } end
    if o.offset then list[#list + 1] = { 14, pack("i8", o.offset) } end
    return M.block(1, pack("I2I2I4", o.linktype or 1, 0, o.snaplen or 0) .. M.options(list))
  end

  --- { interface =, ticks =, len =, caplen = as it claims, options =, comment =, flags = }
  local function options_of(o)
    local list = table.move(o.options or {}, 1, #(o.options or {}), 1, {})
    if o.comment then list[#list + 1] = { 1, o.comment } end
    if o.flags then list[#list + 1] = { 2, pack("I4", o.flags) } end
    return M.options(list)
  end

  function M.enhanced(bytes, o)
    o = o or {}
    local ticks = o.ticks or 0
    return M.block(6, pack("I4I4I4I4I4", o.interface or 0, ticks >> 32, ticks & 0xffffffff, o.caplen or #bytes,
      o.len or #bytes) .. padded(bytes) .. options_of(o), o)
  end

  function M.obsolete(bytes, o)
    o = o or {}
    local ticks = o.ticks or 0
    return M.block(2, pack("I2I2I4I4I4I4", o.interface or 0, 0, ticks >> 32, ticks & 0xffffffff, o.caplen or #bytes,
      o.len or #bytes) .. padded(bytes) .. options_of(o), o)
  end

  function M.simple(bytes, o)
    return M.block(3, pack("I4", o and o.len or #bytes) .. bytes, o)
  end

  --- An option's number of 64 bits.
  function M.number(n)
    return pack("I8", n)
  end

  return M
end
