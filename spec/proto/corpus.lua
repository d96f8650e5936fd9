--- The captures of the developer's corpus and what tshark decoded of them, for
--- specs.  The corpus lies beside the checkout; without it they go pending.

local run = require "spec.support.run"

local M = {}

local ROOT <const> = "../shared/corpus/"

local function split(line)
  local cells = {}
  for cell in (line .. "\t"):gmatch("([^\t]*)\t") do cells[#cells + 1] = cell end
  return cells
end

--- The lines of a table as { column = cell }, with its header.
local function read_table(text)
  local header, rows
  for line in text:gmatch("[^\n]+") do
    local cells = split(line)
    if header then
      local row = {}
      for i, name in ipairs(header) do row[name] = cells[i] or "" end
      rows[#rows + 1] = row
    else
      header, rows = cells, {}
    end
  end
  return rows
end

--- The rows of the manifest that 'wanted' takes; nil where there is no corpus.
---@param wanted fun(row: table<string, string>): boolean
---@return table<string, string>[]|nil
function M.files(wanted)
  local manifest = run.read(ROOT .. "MANIFEST.tsv")
  if not manifest then return nil end
  local files = {}
  for _, row in ipairs(read_table(manifest)) do
    row.path = ROOT .. "pcap/" .. row.file
    if wanted(row) then files[#files + 1] = row end
  end
  return files
end

--- What tshark said of the packets of a file, a row each.
---@param file table<string, string>  a row of the manifest
---@return table<string, string>[]
function M.truth(file)
  local path = ROOT .. "truth/" .. file.file .. ".tsv"
  local text = run.read(path)
  if not text then
    local r = run { "gzip", "-dc", path .. ".gz" }
    assert(r.code == 0, r.err)
    text = r.out
  end
  return read_table(text)
end

return M
