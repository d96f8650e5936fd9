--- Every capture of the corpus, of either format, whole or damaged: packets, times, lengths and
--- interfaces as tshark read them.

local corpus = require "spec.proto.corpus"
local tap = require "moontap"

local function time_of(p)
  return p.time_ns and ("%d.%09d"):format(p.time_ns // 1000000000, p.time_ns % 1000000000) or ""
end

-- Bytes in front of a frame that tshark does not count as the frame's.
local PSEUDO <const> = { [123] = 4 }

--- What a row says of a packet, and the same of ours.
local function compare(p, row, file, where)
  -- tshark prints a fraction of a second that is over one wrong, and holds no length over 31 bits
  local fraction = row["frame.time_epoch"]:match("[^.]*$")
  if not file.notes:find("wild time fraction", 1, true) and #fraction <= 9 then
    assert.equal(row["frame.time_epoch"], time_of(p), where)
  end
  local pseudo = PSEUDO[p["frame.linktype"]] or 0
  if row["frame.len"] ~= "2147483647" then assert.equal(row["frame.len"], tostring(p["frame.len"] - pseudo), where) end
  assert.equal(row["frame.cap_len"], tostring(p["frame.cap_len"] - pseudo), where)
  assert.equal(#p:bytes(), p["frame.cap_len"], where)
  if row["frame.interface_id"] then
    assert.equal(row["frame.interface_id"], tostring(p["frame.interface_id"] or ""), where)
  end
end

--- Read one file: how many packets, and what ended it.
local function read(file, rows, linktypes)
  local cap, message = tap.open(file.path)
  if not cap then return 0, message end
  local n = 0
  cap:each(function(p)
    n = n + 1
    linktypes[p["frame.linktype"]] = true
    if rows[n] then compare(p, rows[n], file, file.file .. " packet " .. n) end
  end)
  message = select(2, cap:run())
  cap:close()
  return n, message
end

--- Why tshark may have read another number of packets, or nil.
local function excuse(file)
  if file.tshark_says:find("network type %d+ unknown") then return "a link type that tshark lacks" end
  if file.notes:find("version 9.9", 1, true) then return "a version that does not exist" end
  -- its two lengths may stand either way round: libpcap and we take the shorter one
  if file.notes:find("version 2.3", 1, true) and file.records_in_file == "0" then return "ambiguous lengths" end
end

describe("the capture files of the corpus", function()
  it("give every packet as tshark does, and damaged ones say so behind it", function()
    local files = corpus.files(function() return true end)
    if not files then return pending("the corpus is not here") end
    local packets, excused = 0, {}
    for _, file in ipairs(files) do
      local rows, linktypes = corpus.truth(file), {}
      local n, message = read(file, rows, linktypes)
      packets = packets + n
      if n ~= #rows then
        assert.is_truthy(excuse(file), ("%s: %d packets, %d for tshark"):format(file.file, n, #rows))
        excused[#excused + 1] = file.file
      elseif file.tshark_exit == "2" then
        assert.is_truthy(message, file.file .. " is damaged")
        assert.equal(1, (message:find(file.path .. ": cannot read ", 1, true)), message)
      elseif file.notes ~= "empty file" then
        assert.is_nil(message)
      end
      for linktype in pairs(linktypes) do
        assert.is_truthy(("," .. file.linktypes .. ","):find("," .. linktype .. ",", 1, true), file.file)
      end
    end
    print(("%d packets of %d files; another number than tshark's in %d"):format(packets, #files, #excused))
    assert.is_true(packets > 40000 and #excused < 15)
  end)
end)
