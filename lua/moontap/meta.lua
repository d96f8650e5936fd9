---@meta moontap
--- Types for editors (LuaLS): every public name of moontap, with units, failures and an example.
--- Nothing loads this file and those of the folder meta, which have the classes, but editors and
--- the spec that holds them against what there is.

---@class moontap
local M = {}

--- What packets are wanted: a filter's text (tap.filter says in which language), a filter object,
--- whose text is compiled for the capture at hand, or instructions { code, jt, jf, k } of the
--- classic BPF machine, also as tcpdump -dd and -ddd print them. Where packets may be of several
--- link types, a text is compiled for each one when it is met, and the pass ends with an error
--- before the first packet that it cannot be for.
---@alias moontap.Expression string|moontap.Filter|integer[][]

--- What moontap.open takes. Exactly one of file, data, packets, fd and interface says where
--- packets come from. Sizes are bytes or texts ("256K", "32M"), times seconds or texts ("10ms").
---@class moontap.OpenOptions
---@field file? string|string[]  a capture file's name, "-" is standard input; packets of several
--- are merged by time, and frame.file names each one's. Files that gzip, zstd, xz or lz4 made are
--- unpacked by those programs.
---@field follow? boolean  wait for more where the file ends (false)
---@field data? string  a capture file's bytes
---@field packets? (string|{ [1]: string, time_ns: integer?, linktype: integer?, len: integer? })[]
---@field fd? integer  an open descriptor, which the capture owns from now on
---@field interface? string|integer  name or index
---@field filter? moontap.Expression  what packets to let through (all)
---@field sets? table<string, (string|integer)[]>  lists by the names that @name calls in filters
---@field promisc? boolean  see what is not meant for this machine, too (true)
---@field rxhash? boolean  have the kernel hash each packet for frame.rxhash, at some cost (false)
---@field snaplen? integer|string  bytes kept of each packet (0: all); what of a filter runs outside
--- of the kernel sees no more
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
---@return string? message  "eth0: cannot find interface: No such device", or where a filter is
--- wrong: "filter:1:5: unknown word ...", the line, and a mark under the place
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

--- One field of a declared protocol: { name, type, keys }. Types are u8 u16 ... u64 and i8 ... i64
--- (u16le: the lowest byte first), bit, "bits:n", float, double, ipv4, ipv6, mac, eui64, bytes,
--- text, textz (up to a zero byte), varint (LEB128), quicint, pad, align, group, list and tlv. A
--- size, a count or a condition may be an expression on fields that stand earlier: "len - 4",
--- "kind == 2 and flags & 0x80"; "rest" is what is left.
---@class moontap.LayoutField
---@field [1] string  name: letters, digits and _
---@field [2] string  type
---@field [3]? moontap.LayoutField[]  of a group or a list: its fields
---@field label? string  what p:show() calls it
---@field unit? string
---@field values? table<integer, string>  names of values
---@field format? "dec"|"hex"  how a number is printed
---@field hidden? boolean  left out of p:show() and p:json()
---@field size? integer|string  bytes of it, of a TLV's list, or of padding
---@field length? string  its length stands before it, or before each value of a TLV: "u8"
---@field const? integer|string  it is this, or the packet is of another protocol
---@field expect? integer|string  it is this, or the header is malformed
---@field when? string  it is there when this holds
---@field count? integer|string  it comes so often
---@field until? string  it comes until this holds, or "rest"
---@field align? integer  go to a multiple of it from the header's start; of a TLV: from its own
---@field padded? boolean  a TLV's values alone are padded, their type and length are not
---@field type? string  of a TLV's types: "u8"
---@field includes? "value"|"header"|"length"|integer  what a TLV's length counts ("value")
---@field cases? table<integer, moontap.LayoutField|moontap.LayoutField[]>  of a TLV, by type
---@field other? string|moontap.LayoutField  what values of all other types are
---@field single? integer|integer[]  types without a length and a value
---@field stop? integer|integer[]  types that end the list, also without them
---@field fill? "length"|"count"|"checksum"  what a builder puts in
---@field of? string  the field that is measured; nil: all from the header's start

--- Declare a protocol. Its fields have their names with the protocol's before: "sensor.id". They
--- work wherever fields do. A name that was declared before is replaced, with all that was bound to
--- it: packets that are decoded from then on have the new fields.
---
---     local sensor = tap.protocol("sensor", {
---       { "kind", "u8", values = { [1] = "request", [2] = "reply" } },
---       { "id", "u16" },
---       { "namelen", "u8" },
---       { "name", "text", size = "namelen" },
---     })
---     sensor:on("udp.port", 9000)
---
---@param name string  lower-case letters, digits and _
---@param fields moontap.LayoutField[]  in order; also title = "..." for p:show()
---@return moontap.Protocol
function M.protocol(name, fields) end

--- Decode by a rule that goes before all that scripts bind: field=value:protocol.
---
---     tap.decode_as("udp.port=9000-9010:sensor")
---
---@param rule string
function M.decode_as(rule) end

--- Compile a filter: the language that tcpdump knows (pcap-filter(7)), with comparisons of fields,
--- sets and more in words that it rejects; or instructions, as tcpdump -dd and -ddd print them. The
--- object tells verdicts on bytes and what runs where; captures take it as they take a text.
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

--- What moontap.writer takes. The format is pcapng unless the name ends in ".pcap"; ".gz", ".zst",
--- ".xz" or ".lz4" behind that have it packed by those programs.
---@class moontap.WriterOptions
---@field file? string  "-" is standard output
---@field keep? integer|string  instead of a file, which is all that is given then: keep the last
--- packets in memory for Writer:dump, by size ("256M") or time ("60s", in 1 GiB at most)
---@field format? "pcap"|"pcapng"  whatever the name is
---@field nanoseconds? boolean  of pcap: keep times whole; else microseconds (true)
---@field flush? boolean  write each packet at once (false)
---@field snaplen? integer|string  the snap length that the file announces
---@field on_error? "stop"|"count"  end the pass that saves where that fails, or count what is lost
---@field rotate? moontap.RotateOptions  go on in other files

--- When a writer goes on in another file. Of size, packets and every one is needed. In the name of
--- the file "%i" is the number of each, and conversions of strftime tell when its first packet was
--- captured; a name without either gets "-%i" before its ending. No packet is lost in between.
---@class moontap.RotateOptions
---@field size? integer|string  no file is larger ("100M"), before it is packed
---@field packets? integer  no file has more
---@field every? number|string  no file lasts longer ("1h", seconds), by the time of packets
---@field align? boolean  files begin at multiples of 'every' since 1970 (false)
---@field files? integer  keep so many, and remove the oldest; needs to have room for them at the
--- start, where 'size' is given
---@field done? fun(path: string)  called for each file that is finished, the last one included; in
--- a pass after the batch of packets at hand
---@field command? string  a program to run on each file that another one follows
---@field letters? boolean  all of it as tcpdump's -C -G -W mean it: size in bytes that a file has
--- exceeded, every by the clock, names that come round (false)

--- Make a capture file, or empty the one that is there.
---
---     local out = assert(tap.writer "/dev/null")
---     cap:save(out)
---
---@param what string|moontap.WriterOptions
---@return moontap.Writer? writer
---@return string? message
---@return integer? errno
function M.writer(what) end

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
---@field type "integer"|"flag"|"time"|"duration"|"address"|"bytes"|"text"|"presence"
---@field protocol? string  "tcp"; nil: of no single protocol
---@field unit? string  "bytes"
---@field values? table<integer, string>  names of values
---@field repeats? boolean  made to occur more than once in a packet: an array in JSON

--- The fields that scripts can name.
---
---     for _, field in ipairs(tap.fields("*port")) do print(field.name, field.label) end
---
---@param pattern? string  '*' stands for anything in a whole name, other text is looked for in
--- names and labels; nil: all fields
---@return moontap.Field[]
function M.fields(pattern) end

--- The value behind a number that "name:id" gave: the address, number or text.
---
---     print(tap.id_value(p["ip.src:id"]))
---
---@param id integer
---@return any value  nil: no such number
function M.id_value(id) end

--- How full the table of those numbers is. There is one for each Lua state, and a number is never
--- used again. Values that find no room in it, and bytes and texts of over 254 bytes, have the
--- number 0.
---
---     print(tap.ids().refused)
---
---@return { held: integer, limit: integer, refused: integer }  refused: times that 0 was given
function M.ids() end

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

return M
