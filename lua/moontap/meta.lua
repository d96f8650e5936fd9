---@meta moontap
--- Types for editors (LuaLS): every public name of moontap, with units, failures and an example.
--- Nothing loads this file but editors and the spec that holds it against what there is.

---@class moontap
local M = {}

--- What moontap.open takes. Exactly one of file, data, packets, fd and interface says where
--- packets come from. Sizes are bytes or texts ("256K", "32M"), times seconds or texts ("10ms").
---@class moontap.OpenOptions
---@field file? string  a capture file's name, "-" is standard input
---@field data? string  a capture file's bytes
---@field packets? (string|{ [1]: string, time_ns: integer?, linktype: integer?, len: integer? })[]
---@field fd? integer  an open descriptor, which the capture owns from now on
---@field interface? string|integer  name or index
---@field filter? integer[][]  instructions { code, jt, jf, k } of the classic BPF machine
---@field promisc? boolean  see what is not meant for this machine, too (true)
---@field rxhash? boolean  have the kernel hash each packet for frame.rxhash, at some cost (false)
---@field snaplen? integer|string  bytes kept of each packet (0: all)
---@field buffer? integer|string  size of the ring ("32M")
---@field block? integer|string  size of one block of it ("256K")
---@field latency? number|string  how late a packet may come, at most ("10ms")
---@field signals? boolean  SIGINT and SIGTERM end a pass (false)
---@field strict? boolean  a packet that is used too late always raises (false)
---@field on_error? "raise"|"count"  what becomes of an error in a handler ("raise")
---@field wait? fun(cap: moontap.Capture)  called instead of blocking

--- Open a capture. Traffic is let in with its first pass.
---
---     local cap = assert(tap.open("trace.pcap"))
---     local live = assert(tap.open { interface = "eth0", buffer = "64M" })
---
---@param what string|moontap.OpenOptions  a file's name, or options
---@return moontap.Capture?
---@return string? message  "eth0: cannot find interface: No such device"
---@return integer? errno
function M.open(what) end

--- The capture that the command line asks for (-i, -r and their like), the same at each call. It
--- owns SIGINT and SIGTERM while a pass runs.
---
---     local cap = assert(tap.capture())
---
---@return moontap.Capture?
---@return string? message
---@return integer? errno
function M.capture() end

--- Declare the script's own options and read them from the command line. Wrong usage ends the
--- process with status 2, --help with status 0.
---
---     local opt = tap.options {
---       { "rows", 10, "rows to print" },
---       { "file", type = "file", positional = true },
---     }
---     print(opt.rows, opt.file)
---
---@param declarations table  entries { name, default, text, type =, min =, choices =,
--- positional = }; types: number (min = the least), size, time, field, fields, keys (fields to
--- group by), file, choice, flag, text; also about = text and heeds = which of moontap's options
--- "fields", "header", "quiet" and "verbose" the script acts on
---@return table values  by name: sizes in bytes, times in nanoseconds
---@return table general  moontap's own options: quiet, verbose, read, interface, limit, ...
function M.options(declarations) end

--- Decode bytes into a packet that stays valid for ever.
---
---     local bytes = tap.hex "45000014 00000000 40fd0000 c0000201 c0000202"
---     print(tap.packet(bytes, { linktype = 101 }).src)
---
---@param bytes string
---@param options? { linktype: integer?, time_ns: integer?, len: integer? }  linktype 1 is
--- Ethernet; len counts bytes on the wire
---@return moontap.Packet
function M.packet(bytes, options) end

--- Compile a filter: the language that tcpdump knows (pcap-filter(7)), with comparisons of fields,
--- sets and more in words that it rejects; or instructions, as tcpdump -dd and -ddd print them. In
--- this version a filter is an object that tells its verdict; captures take instructions alone.
---
---     local web = assert(tap.filter("tcp port 80 or tcp.dstport in {443, 8080-8088}"))
---     print(web:matches(p:bytes()), web:explain())
---
---@param filter string|integer[][]
---@param linktype? integer  LINKTYPE_ number of the frames (1, Ethernet)
---@param options? { live: boolean?, cooked: boolean?, swapped: boolean?, snaplen: integer?,
---- netmask: integer?, sets: table<string, (string|integer)[]>? }  live: for a socket, whose
---- metadata may be asked for; cooked: without link header; swapped: a file of the other byte
---- order; sets: lists by the names that @name calls
---@return moontap.Filter? filter
---@return string? message  with the place in the text
---@return table|integer? where  { position =, length =, line =, column =, what =, expected =,
---- suggestion = }, or an error number
function M.filter(filter, linktype, options) end

--- The bytes that a hex dump shows: plain digits, a C array, or what tcpdump, xxd, hexdump -C, od,
--- tshark and Wireshark print. Raises where it is none.
---
---     local bytes = tap.hex "0x0000:  4500 003c 1c46 4000"
---
---@param text string
---@return string bytes
function M.hex(text) end

---@class moontap.Field
---@field name string  "tcp.dstport"
---@field label string  "Destination Port"
---@field type "integer"|"flag"|"time"|"address"|"bytes"|"text"|"presence"
---@field protocol? string  "tcp"; nil: of no single protocol
---@field unit? string  "bytes"
---@field values? table<integer, string>  names of values
---@field repeats? boolean  may occur more than once in a packet

--- The fields that scripts can name.
---
---     for _, field in ipairs(tap.fields("*port")) do print(field.name, field.label) end
---
---@param pattern? string  '*' stands for anything in a whole name, other text is looked for in
--- names and labels; nil: all fields
---@return moontap.Field[]
function M.fields(pattern) end

---@class moontap.Interface
---@field index integer
---@field name string
---@field flags string[]  "up", "running", "loopback", ...
---@field mtu integer  bytes
---@field mac? string
---@field addresses string[]  "192.0.2.1/24"
---@field linktype? integer  of its frames

--- The machine's network interfaces.
---
---     for _, interface in ipairs(assert(tap.interfaces())) do print(interface.name) end
---
---@return moontap.Interface[]?
---@return string? message
---@return integer? errno
function M.interfaces() end

---@class moontap.Counts
---@field seen integer  packets that passed the kernel's filter: the sum of the next four
---@field delivered integer  offered to the pass
---@field filtered integer  rejected by the filter outside of the kernel
---@field dropped integer  lost by the kernel for lack of room
---@field unread integer  counted by the kernel after a pass had ended early

---@class moontap.Stats: moontap.Counts
---@field frozen integer  times that the ring was full
---@field lost_at_stop integer  0, or a fault of the count
---@field interfaces? table<string, moontap.Counts>  of a live capture, by name
---@field handlers { matched: integer, skipped: integer }[]  in order of registration
---@field loop { matched: integer, skipped: integer }  of the last for loop
---@field tables { matched: integer, skipped: integer, evicted: integer }[]  of aggregates
---@field errors? integer  of handlers, with on_error = "count"
---@field last_error? any

---@class moontap.Info
---@field kind? string  "ring", "file", "pipe", "data", "packets"
---@field name? string  of the file
---@field interface? string
---@field live boolean
---@field closed boolean
---@field linktype? integer
---@field snaplen? integer  bytes
---@field buffer? integer  bytes of the ring
---@field block? integer  bytes of one block of it
---@field blocks? integer
---@field latency_ms? integer

--- Packets from one source. It closes by close(), <close> or when it is collected; then close,
--- stats, info and tostring still work, all else raises.
---@class moontap.Capture
local Capture = {}

--- Call a function with values of each packet that has all of these fields.
---
---     cap:on({ "src", "tcp.dstport" }, function(src, port) print(src, port) end)
---
---@param names string[]  "name?" may be absent and passes nil, but not as the first
---@param fn fun(...)
function Capture:on(names, fn) end

--- Call a function with each packet.
---
---     cap:each(function(p) print(p:summary()) end)
---
---@param fn fun(p: moontap.Packet)  p is valid until it returns
function Capture:each(fn) end

--- Count packets by keys, without Lua for each packet.
---
---     local talk = cap:aggregate { by = { "src" }, "packets = count()", "bytes = sum(frame.len)" }
---
---@param options { by: string[]|string, limit: integer?, [integer]: string }  columns "count()",
--- "sum(field)", with "name = " before them or not; limit (2^20) is of keys, other packets are
--- counted in one row
---@return moontap.Aggregate
function Capture:aggregate(options) end

--- Call a function at every multiple of a period of capture time, each exactly once.
---
---     cap:every("1s", function(now_ns, delta) print(now_ns // 1000000000, delta.delivered) end)
---
---@param period number|string  seconds, or "100ms"
---@param fn fun(now_ns: integer, delta: moontap.Counts)  delta counts since the last tick
function Capture:every(period, fn) end

--- Make a pass: all that is registered is fed until the end of the file, a signal, or a limit.
---
---     local stats = assert(cap:run { duration = "10s" })
---
---@param options? { count: integer?, duration: number|string?, wait: boolean? }  count: packets;
--- duration: seconds or "10s"; wait = false: handle what is there (count at most) and return
---@return moontap.Stats|integer|nil stats  with wait = false: how many packets were handled
---@return string? message  with wait = false: "more", "idle" or "end"
---@return integer? errno
function Capture:run(options) end

--- Loop over packets. The loop makes the pass, and raises where the source fails.
---
---     for p in cap:packets() do print(p.src, p.dst) end
---
---@return fun(): moontap.Packet?
function Capture:packets() end

--- Loop over values of the packets that have all of these fields.
---
---     for src, len in cap:fields { "src", "frame.len" } do print(src, len) end
---
---@param names string[]  as for on
---@return fun(): ...
function Capture:fields(names) end

--- The next packet. The pass stays open for the one after it.
---
---     local p, why = cap:next("100ms")
---
---@param timeout? number|string  seconds, or "100ms"; nil: for ever
---@return moontap.Packet? p  nil alone is the end
---@return string? message  "timeout", or what failed
---@return integer? errno
function Capture:next(timeout) end

--- End the pass that runs, behind the packet at hand.
---
---     cap:each(function(p) if p.dport == 22 then cap:stop() end end)
---
function Capture:stop() end

--- Exchange the filter.
---
---     assert(cap:set_filter { { 0x6, 0, 0, 65535 } })
---
---@param program? integer[][]  instructions { code, jt, jf, k }; nil: let all packets through
---@return boolean?
---@return string? message
---@return integer? errno
function Capture:set_filter(program) end

--- The exact counts so far.
---
---     local stats = cap:stats()
---     print(stats.seen, stats.dropped)
---
---@return moontap.Stats
function Capture:stats() end

--- What the capture reads from, and what the kernel granted it.
---
---     print(cap:info().kind)
---
---@return moontap.Info
function Capture:info() end

--- Give back all that it holds of the system. A second call does nothing.
---
---     cap:close()
---
function Capture:close() end

--- A descriptor to poll in an event loop. Traffic is let in from now on. SIGINT and SIGTERM wake
--- it where the capture owns them; ask timeout, dirty or pollfd before each sleep.
---
---     local fd = assert(cap:pollfd())
---
---@return integer? fd
---@return string? message
---@return integer? errno
function Capture:pollfd() end

--- The same as pollfd, by the name that LuaSocket's select asks for.
---
---     local fd = assert(cap:getfd())
---
---@return integer? fd
---@return string? message
---@return integer? errno
function Capture:getfd() end

--- What to poll the descriptor for.
---
---     print(cap:events())
---
---@return "r"
function Capture:events() end

--- How long a poll may take before run { wait = false } is due.
---
---     local seconds = cap:timeout()
---
---@return number? seconds  nil: for ever
function Capture:timeout() end

--- Are there packets that no poll would tell of?
---
---     if cap:dirty() then cap:run { wait = false } end
---
---@return boolean
function Capture:dirty() end

--- A table of results, filled by its capture's passes. tostring makes a text of it.
---@class moontap.Aggregate
local Aggregate = {}

--- The rows with the most in a column.
---
---     for row in talk:top(10, "bytes") do print(row.src, row.bytes) end
---
---@param n? integer  rows, at most (10)
---@param column? string  the first one unless given
---@return fun(): table?  rows: values by the names of keys, as written, and of columns
function Aggregate:top(n, column) end

--- All rows, in order of their first packet.
---
---     for row in talk:rows() do print(row.src, row.packets) end
---
---@return fun(): table?
function Aggregate:rows() end

--- One row.
---
---     local row = talk:get("192.0.2.1")
---
---@param ... any  a value for each key; nil: absent
---@return table? row
function Aggregate:get(...) end

--- How many rows there are.
---
---     print(talk:count())
---
---@return integer
function Aggregate:count() end

--- The names of keys and columns.
---
---     print(table.concat(talk:columns().by, ", "))
---
---@return { by: string[], columns: string[] }
function Aggregate:columns() end

--- What packets with keys beyond the limit added up to.
---
---     local others = talk:others()
---
---@return table? row  the columns alone
function Aggregate:others() end

--- How many packets had keys beyond the limit.
---
---     print(talk:evicted())
---
---@return integer
function Aggregate:evicted() end

---@class moontap.Filter
local Filter = {}

--- Does the filter accept a frame?
---
---     print(web:matches(p:bytes()))
---
---@param bytes string
---@param options? { len: integer?, vlan_tci: integer?, vlan_tpid: integer? }  length on the wire,
---- and a tag that the kernel lifted out
---@return boolean
function Filter:matches(bytes, options) end

--- What runs in the kernel, what after decoding, and why.
---
---     print(web:explain())
---
---@return string
function Filter:explain() end

--- The program as tcpdump -d, -dd and -ddd print it.
---
---     print(web:dump("text"))
---
---@param form? "text"|"c"|"numbers"
---@param program? "kernel"|"file"  for a socket, or for whole frames
---@return string? text
---@return string? message  why there is no such program
function Filter:dump(form, program) end

--- The program's instructions: { {code, jt, jf, k}, ... }.
---
---     print(#web:code())
---
---@param program? "kernel"|"file"
---@return integer[][]? code
---@return string? message
function Filter:code(program) end

--- What the text may not mean as it was meant.
---
---     for _, text in ipairs(web:warnings()) do print(text) end
---
---@return string[]
function Filter:warnings() end

--- Does the kernel's program say all of the filter?
---
---     print(web:exact())
---
---@return boolean
function Filter:exact() end

--- Does it accept every frame, none, or some?
---
---     print(web:verdict())
---
---@return "always"|"never"|"sometimes"
function Filter:verdict() end

--- Free the filter. Collecting it does the same.
---
---     web:close()
function Filter:close() end

--- A packet. p["tcp.dstport"] and p.tcp_dstport read a field, p.tcp is a view of a layer; what
--- the packet does not have is nil, an unknown name raises. A packet that was lent to a function is
--- valid until that function returns; p:copy() is valid for ever.
---
--- The number readers take an offset in bytes (0 unless given) from the start of 'base': a
--- protocol's header, "payload" (what follows the last header), or the frame. They return nil
--- where the packet ends before. Those in ...le read the low byte first, the others the high one:
---
---     local id = p:u16(0, "payload")
---
---@class moontap.Packet
---@field src? string  network address, of whatever family
---@field dst? string
---@field sport? integer
---@field dport? integer
---@field len integer  bytes on the wire
---@field time_ns? integer  since the epoch
---@field fault? string  what is malformed or cut off: "tcp: header cut short at byte 44"
---@field u8 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u16 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u16le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u32 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u32le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u64 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field u64le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i8 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i16 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i16le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i32 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i32le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i64 fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field i64le fun(self: moontap.Packet, offset?: integer, base?: string): integer?
---@field [string] any  fields by name, and layers
local Packet = {}

--- The view of one layer: p.tcp.dstport, p.tcp["flags.syn"], p.tcp.flags_syn. It lives as long as
--- its packet.
---@class moontap.Layer
---@field [string] any  the protocol's fields

--- Bytes as they are in the packet.
---
---     local magic = p:bytes(0, 4, "payload")
---
---@param offset? integer  bytes from the start of base (0)
---@param n? integer  how many; nil: all that follow
---@param base? string  as for the number readers
---@return string?
function Packet:bytes(offset, n, base) end

--- What follows the last header that was decoded.
---
---     print(#(p:payload() or ""))
---
---@return string?
function Packet:payload() end

--- The names of the packet's protocols, outermost first.  Where an error message (ICMP, ICMPv6)
--- quotes a packet, that one's layers follow, and 'quoted' is the place of the first of them.
---
---     print(table.concat(p:layers(), " "))
---
---@return string[]
function Packet:layers() end

--- Every occurrence of a field, outermost first.
---
---     for _, id in ipairs(p:all("vlan.id")) do print(id) end
---
---@param name string
---@return any[]
function Packet:all(name) end

--- The packet in one line.
---
---     print(p:summary())
---
---@return string
function Packet:summary() end

--- All its layers and fields, a line each.
---
---     print(p:show())
---
---@return string
function Packet:show() end

--- A hex dump.
---
---     print(p:hex())
---
---@return string
function Packet:hex() end

--- One JSON object in one line.
---
---     print(p:json())
---
---@return string
function Packet:json() end

--- A packet of its own with the same bytes, valid for ever.
---
---     kept[#kept + 1] = p:copy()
---
---@return moontap.Packet
function Packet:copy() end

return M
