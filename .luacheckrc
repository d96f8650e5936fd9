std = "lua54"
max_line_length = 100
include_files = { "lua/**/*.lua", "spec/**/*.lua", "rockspec/*.rockspec", ".luacheckrc" }

files["spec"] = { std = "+busted", max_line_length = 120 }
files["rockspec"] = { std = "+rockspec" }
files["lua/moontap/meta.lua"] = { ignore = { "212", "241" } }
files["lua/moontap/meta/*.lua"] = { ignore = { "212", "241" } }
