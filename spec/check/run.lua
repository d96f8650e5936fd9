--- What "make check" runs: rules of the project that a machine can hold.  Each
--- check is a module that returns { name, function() -> list of complaints };
--- a complaint begins with the file that it is about.

package.path = "./?.lua;" .. package.path

local passed, failed = 0, 0

for _, file in ipairs { "layers", "symbols", "lengths", "format" } do
  for _, check in ipairs(require("spec.check." .. file)) do
    local name, complaints = check[1], check[2]()
    print(("%-4s %s"):format(#complaints == 0 and "ok" or "FAIL", name))
    for _, text in ipairs(complaints) do print("     " .. text) end
    if #complaints == 0 then passed = passed + 1 else failed = failed + 1 end
  end
end

print(("%d passed, %d failed, 0 skipped"):format(passed, failed))
os.exit(failed == 0)
