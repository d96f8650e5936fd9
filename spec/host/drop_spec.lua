--- What a script of the host is and may do, as the kernel tells it in /proc/self/status.

local lfs = require "lfs"
local live = require "spec.support.live"
local run = require "spec.support.run"

--- True where this is the machine's root, not one of a user namespace.
local function is_root()
  local map = run.read("/proc/self/uid_map") or ""
  return map:match("^%s*0%s+0%s+4294967295%s*$") ~= nil and run { "id", "-u" }.out == "0\n"
end

local it_live = live.it(it, pending)
local it_root = is_root() and it_live or pending

--- Shows the process, and a program that it starts, as the kernel sees them.
local STATUS <const> = [[
local function show(name, file)
  for line in file:lines() do
    local key, value = line:match("^([%w_]+):%s*(.-)%s*$")
    print(name .. key, (value:gsub("%s+", " ")))
  end
end
show("", assert(io.open("/proc/self/status")))
show("child ", assert(io.popen("cat /proc/self/status")))
]]

local NET_RAW <const>, NONE <const> = "0000000000002000", "0000000000000000"

--- A folder that everybody may look into, with the host in it, a script, and nothing else.
local folder

local function script(text)
  run.write(folder .. "/script.lua", text)
  assert(run { "chmod", "644", folder .. "/script.lua" }.code == 0)
  return folder .. "/script.lua"
end

setup(function()
  folder = os.tmpname() .. ".d"
  assert(lfs.mkdir(folder))
  assert(run { "cp", run.moontap, folder .. "/moontap" }.code == 0)
  assert(run { "chmod", "-R", "755", folder }.code == 0)
end)

teardown(function()
  run { "rm", "-r", folder }
  os.remove((folder:gsub("%.d$", "")))
end)

--- Run words with the environment of a plain root shell, but for 'env'.
local function start(words, env)
  words.env = { SUDO_UID = false, SUDO_GID = false }
  for name, value in pairs(env or {}) do words.env[name] = value end
  return run(words)
end

--- The words that start the host, with 'prefix' before it and 'options' behind it.
local function host(prefix, options)
  local words = table.move(prefix, 1, #prefix, 1, {})
  words[#words + 1] = folder .. "/moontap"
  return table.move(options, 1, #options, #words + 1, words)
end

--- What the kernel says of a script that runs like this.
local function status(options, env, prefix)
  local words = host(prefix or {}, options)
  words[#words + 1] = script(STATUS)
  local r = start(words, env)
  assert.equal(0, r.code, r.err)
  local found = {}
  for key, value in r.out:gmatch("([^\t\n]+)\t([^\n]*)\n") do found[key] = value end
  return found
end

local function user(n)
  return ("%d %d %d %d"):format(n, n, n, n)
end

--- Nothing is left but what 'capabilities' says; started programs have not even that.
local function assert_dropped(s, capabilities)
  assert.equal(capabilities, s.CapEff)
  assert.equal(capabilities, s.CapPrm)
  assert.equal(NONE, s.CapInh)
  assert.equal(NONE, s.CapAmb)
  assert.equal("1", s.NoNewPrivs)
  assert.equal(NONE, s["child CapEff"])
  assert.equal(NONE, s["child CapPrm"])
  assert.equal("1", s["child NoNewPrivs"])
  assert.equal(s.Uid, s["child Uid"])
end

describe("the host as root", function()
  it_root("becomes the user who called sudo, and keeps CAP_NET_RAW alone", function()
    local s = status({}, { SUDO_UID = "4711", SUDO_GID = "4712" })
    assert.equal(user(4711), s.Uid)
    assert.equal(user(4712), s.Gid)
    assert.equal("4712", s.Groups)
    assert_dropped(s, NET_RAW)
    assert.equal(NONE, s.CapBnd)
  end)

  it_root("becomes nobody where nobody called sudo", function()
    local nobody = math.tointeger(run { "id", "-u", "nobody" }.out)
    local s = status({})
    assert.equal(user(nobody), s.Uid)
    assert_dropped(s, NET_RAW)
  end)

  it_root("takes no power from the environment", function()
    local nobody = math.tointeger(run { "id", "-u", "nobody" }.out)
    for _, text in ipairs { "0", "", "-1", "4294967295", "4294967296", "12x", "x", " 5", "0x10" } do
      local s = status({}, { SUDO_UID = text, SUDO_GID = "0" })
      assert.equal(user(nobody), s.Uid, text)
      assert.is_not.equal(user(0), s.Gid, text)
    end
    local s = status({}, { SUDO_UID = "4711", SUDO_GID = "0" })
    assert.equal(user(4711), s.Uid)
    assert.is_not.equal(user(0), s.Gid)
    assert.is_nil((" " .. s.Groups .. " "):find(" 0 ", 1, true))
  end)

  it_root("becomes the user of -Z, whoever called sudo", function()
    local daemon = math.tointeger(run { "id", "-u", "daemon" }.out)
    local s = status({ "-Z", "daemon" }, { SUDO_UID = "4711" })
    assert.equal(user(daemon), s.Uid)
    assert_dropped(s, NET_RAW)
  end)

  --- Run in a mount namespace where a user frodo (4711) is in the groups shire (4712) and ring.
  local function among_hobbits(options, env)
    run.write(folder .. "/passwd", "root:x:0:0::/:/bin/sh\nfrodo:x:4711:4712::/:/bin/sh\n")
    run.write(folder .. "/group", "root:x:0:\nshire:x:4712:\nring:x:4713:sam,frodo\n")
    local mount = 'mount --bind "$1" /etc/passwd && mount --bind "$2" /etc/group && shift 2 && exec "$@"'
    return status(options, env,
      { "unshare", "-m", "sh", "-c", mount, "sh", folder .. "/passwd", folder .. "/group" })
  end

  it_root("takes the groups of the new user", function()
    local s = among_hobbits({ "-Z", "frodo" })
    assert.same({ user(4711), user(4712), "4712 4713" }, { s.Uid, s.Gid, s.Groups })
    s = among_hobbits({}, { SUDO_UID = "4711" })
    assert.same({ user(4711), user(4712), "4712 4713" }, { s.Uid, s.Gid, s.Groups })
  end)

  it_root("gets by where the system has no user called nobody", function()
    assert.equal(user(65534), among_hobbits({}).Uid)
  end)

  it_root("keeps nothing at all with --sealed", function()
    local s = status({ "--sealed" }, { SUDO_UID = "4711", SUDO_GID = "4712" })
    assert.equal(user(4711), s.Uid)
    assert_dropped(s, NONE)
  end)

  it_root("keeps everything with --keep-privileges", function()
    local s = status({ "--keep-privileges" }, { SUDO_UID = "4711" })
    assert.equal(user(0), s.Uid)
    local own = run.read("/proc/self/status")
    for _, name in ipairs { "CapEff", "CapPrm", "CapBnd", "CapInh", "NoNewPrivs" } do
      assert.equal(own:match(name .. ":%s*(%x+)"), s[name], name)
      assert.equal(s[name], s["child " .. name], name)
    end
  end)

  it_root("leaves no way back", function()
    local back = script('print(os.execute("setpriv --reuid 0 --clear-groups true 2>/dev/null"))')
    local r = start(host({}, { back }))
    assert.matches("^nil\texit\t", r.out)
    assert.equal("true\texit\t0\n", start(host({}, { "--keep-privileges", back })).out)
  end)

  it_root("reads the script and the capture before it gives power away, and nothing after", function()
    local file = folder .. "/secret.pcap"
    run.write(file, require("spec.support.build").pcap { ("x"):rep(60), ("y"):rep(60) })
    local s = script(([[
      local tap = require "moontap"
      print(tap.capture():run().seen)
      print(io.open(%q))
      print(io.open("/etc/shadow"))
      print(io.open(%q, "w"))
    ]]):format(file, folder .. "/new"))
    assert(run { "chmod", "600", file, s }.code == 0)
    local r = start(host({}, { "-r", file, s }))
    assert.equal(0, r.code, r.err)
    local seen, again, shadow, new = r.out:match("^(.-)\n(.-)\n(.-)\n(.-)\n$")
    assert.equal("2", seen)
    assert.equal(("nil\t%s: Permission denied\t13"):format(file), again)
    assert.equal("nil\t/etc/shadow: Permission denied\t13", shadow)
    assert.matches("Permission denied\t13$", new)
    local kept = start(host({}, { "--keep-privileges", "-r", file, s }))
    assert.matches("^2\nfile %(0x%x+%)\nfile ", kept.out)
  end)

  it_root("fails, and runs nothing, where it cannot become what was asked for", function()
    local r = start(host({}, { "-Z", "no-such-user", script("print(1)") }))
    assert.same({ 1, "", "moontap: privileges: cannot become no-such-user: no such user\n" },
      { r.code, r.out, r.err })
    r = start(host({ "setpriv", "--bounding-set=-setuid", "--inh-caps=-all" }, { script("print(1)") }))
    assert.same({ 1, "", "moontap: privileges: cannot become nobody (--keep-privileges does not try):"
      .. " Operation not permitted\n" }, { r.code, r.out, r.err })
  end)
end)

describe("the host as an ordinary user", function()
  local as_user = { "setpriv", "--reuid=4711", "--regid=4712", "--clear-groups" }

  local function with(...)
    return table.move({ ... }, 1, select("#", ...), #as_user + 1, table.move(as_user, 1, #as_user, 1, {}))
  end

  it_root("keeps CAP_NET_RAW alone of the capabilities that it was given", function()
    local given = with("--inh-caps=+net_raw,+net_admin", "--ambient-caps=+net_raw,+net_admin")
    local s = status({}, { SUDO_UID = "4714" }, given)
    assert.equal(user(4711), s.Uid)
    assert_dropped(s, NET_RAW)
    assert_dropped(status({ "--sealed" }, {}, given), NONE)
    local kept = status({ "--keep-privileges" }, {}, given)
    assert.equal("0000000000003000", kept.CapEff)
    assert.equal(kept.CapEff, kept["child CapEff"])
  end)

  it_root("runs scripts where there was no power", function()
    local s = status({}, {}, as_user)
    assert.equal(user(4711), s.Uid)
    assert_dropped(s, NONE)
  end)

  it_root("cannot become another one", function()
    local r = start(host(as_user, { "-Z", "daemon", script("print(1)") }))
    assert.same({ 1, "" }, { r.code, r.out })
    assert.equal("moontap: privileges: cannot become daemon: Operation not permitted\n", r.err)
  end)

  it_root("refuses to run set-user-ID root", function()
    -- on a file system of its own, since the folder's may forbid set-user-ID programs
    local prepare = 'mount -t tmpfs none "$1" && cp "$2" "$1/m" && chmod 4755 "$1/m" && shift 2'
      .. ' && exec "$@"'
    assert(lfs.mkdir(folder .. "/mnt"))
    local words = with(folder .. "/mnt/m", "--keep-privileges", script("print(1)"))
    local r = start(table.move(words, 1, #words, 9,
      { "unshare", "-m", "sh", "-c", prepare, "sh", folder .. "/mnt", run.moontap }))
    lfs.rmdir(folder .. "/mnt")
    assert.same({ 1, "" }, { r.code, r.out })
    assert.equal("moontap: refuses to run set-user-ID root; use: setcap cap_net_raw=ep\n", r.err)
  end)
end)

describe("the host in a user namespace that knows no other user", function()
  --- Whoever we are, an ordinary user makes the namespace.
  local prefix = { "unshare", "-Urn" }
  if is_root() then
    prefix = { "setpriv", "--reuid=4711", "--regid=4712", "--clear-groups", "unshare", "-Urn" }
  end

  it_live("gives capabilities away, and stays who it is", function()
    local s = status({}, { SUDO_UID = "4711" }, prefix)
    assert.equal(user(0), s.Uid)
    assert_dropped(s, NET_RAW)
    assert.equal(NONE, s.CapBnd)
    assert_dropped(status({ "--sealed" }, {}, prefix), NONE)
  end)

  it_live("fails where a user was asked for by name", function()
    local r = start(host(prefix, { "-Z", "daemon", script("print(1)") }))
    assert.same({ 1, "" }, { r.code, r.out })
    assert.matches("^moontap: privileges: cannot become daemon .*: Invalid argument\n$", r.err)
  end)
end)

describe("a script of the host", function()
  local OPEN <const> = [[
    local tap = require "moontap"
    local own = assert(tap.capture())
    local stats, message = own:run { duration = "20ms" }
    print(stats and stats.seen or message)
    print(tap.open { interface = "lo" })
  ]]

  it_live("opens captures of its own as it does under lua5.4", function()
    local r = start(host({}, { "-i", "lo", script(OPEN) }))
    assert.equal(0, r.code, r.err)
    assert.matches("^0\ncapture %(lo, ring%)\n$", r.out)
  end)

  it_live("has the command line's capture alone under --sealed", function()
    local r = start(host({}, { "--sealed", "-i", "lo", script(OPEN) }))
    assert.equal(0, r.code, r.err)
    assert.equal("0\nnil\tlo: cannot open: the run is sealed (--sealed), "
      .. "only what the command line names can be used\t1\n", r.out)
  end)
end)
