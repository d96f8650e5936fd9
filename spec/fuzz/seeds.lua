--- Seeds for the fuzzers that take a frame (decode, show): the first packets of every capture of
--- the corpus that can be read, where the corpus lies beside the checkout; else one frame.
---
--- usage: lua5.4 spec/fuzz/seeds.lua FOLDER

local corpus = require "spec.proto.corpus"
local run = require "spec.support.run"
local tap = require "moontap"

local EACH <const>, BYTES_MAX <const> = 12, 2000

local folder, count = arg[1], 0

local function write(linktype, bytes)
  count = count + 1
  run.write(("%s/%05d"):format(folder, count), string.pack(">I2B", linktype & 0xffff, 0) .. bytes:sub(1, BYTES_MAX))
end

local function add(path)
  local cap <close> = tap.open(path)
  if not cap then return end
  cap:each(function(p) write(p["frame.linktype"], p:bytes()) end)
  pcall(cap.run, cap, { count = EACH })
end

assert(run({ "mkdir", "-p", folder }).code == 0)
write(1, tap.hex "020000000002 020000000001 0800 4500001c00000000 40110000 c0000201 c0000202 0001 0002 0008 0000")
for _, file in ipairs(corpus.files(function() return true end) or {}) do add(file.path) end
print(("%d seeds"):format(count))
