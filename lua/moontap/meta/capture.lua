---@meta moontap
--- Types for editors, as in moontap/meta.lua: captures and what they count.

---@class moontap.Counts
---@field seen integer  packets that passed the kernel's filter: the sum of the next four
---@field delivered integer  offered to the pass
---@field filtered integer  rejected by the filter outside of the kernel
---@field dropped integer  lost by the kernel for lack of room
---@field unread integer  counted by the kernel after a pass had ended early

--- What an aggregate, a handler or a loop has matched: packets that its 'where' accepted and that
--- had all required fields; skipped: that it accepted, but that lacked one. What it rejected
--- counts in neither.
---@class moontap.Matches
---@field matched integer
---@field skipped integer

---@class moontap.Stats: moontap.Counts
---@field frozen integer  times that the ring was full
---@field lost_at_stop integer  0, or a fault of the count
---@field interfaces? table<string, moontap.Counts>  of a live capture, by name
---@field handlers moontap.Matches[]  in order of registration
---@field writers moontap.Matches[]  in order of registration
---@field loop moontap.Matches  of the last for loop
---@field tables { matched: integer, skipped: integer, evicted: integer }[]  of aggregates
---@field flows { live: integer, total: integer, evicted: integer }  conversations: that live now,
--- that there were, and that ended for lack of room
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
---@field netmask? integer  of the interface's first IPv4 address
---@field swapped? boolean  a file from a machine of the other byte order
---@field buffer? integer  bytes of the ring
---@field block? integer  bytes of one block of it
---@field blocks? integer
---@field latency_ms? integer
---@field filter? string  where the filter runs: "kernel", "kernel, checked here" (the kernel lets
--- more through than the filter does), "here", "here: because ..."; nil: there is none

--- Packets from one source. It closes by close(), <close> or when it is collected; then close,
--- stats, info and tostring still work, all else raises.
---@class moontap.Capture
local Capture = {}

--- Call a function with values of each packet that has all of these fields. Where a live pass
--- feeds nothing that wants all packets, and has no limit of packets, the kernel lets through
--- what one of its 'where' asks.
---
---     cap:on({ "src", "tcp.dstport" }, "tcp[tcpflags] & tcp-syn != 0", function(src, port)
---       print(src, port)
---     end)
---
---@param names string[]  "name?" may be absent and passes nil, but not as the first
---@param where? moontap.Expression  nil or left out: every packet; raises where it is wrong
---@param fn fun(...)
---@overload fun(self: moontap.Capture, names: string[], fn: fun(...))
function Capture:on(names, where, fn) end

--- Call a function with each packet.
---
---     cap:each("udp port 53", function(p) print(p:summary()) end)
---
---@param where? moontap.Expression  as for on
---@param fn fun(p: moontap.Packet)  p is valid until it returns
---@overload fun(self: moontap.Capture, fn: fun(p: moontap.Packet))
function Capture:each(where, fn) end

--- Count packets by keys, without Lua for each packet.
---
---     local talk = cap:aggregate { by = { "src" }, "packets = count()", "bytes = sum(frame.len)" }
---
---@param options { by: string[]|string, where: moontap.Expression?, limit: integer?,
--- [integer]: string }  columns "count()", "sum(field)", with "name = " before them or not; where
--- as for on; limit (2^20) is of keys, other packets are counted in one row
---@return moontap.Aggregate
function Capture:aggregate(options) end

--- Save packets, without Lua for each packet. A pass that ends has written them. An error ends it,
--- unless the writer shall count what is lost.
---
---     cap:save(assert(tap.writer "/dev/null"), "tcp")
---
---@param writer moontap.Writer
---@param where? moontap.Expression  as for on
function Capture:save(writer, where) end

--- A conversation that has ended. Its beginner is the sender of its first packet, unless that was
--- the second half of a TCP handshake: src, sport and the counts "out" are of that side.
---@class moontap.Flow
---@field id integer  that flow.id was; from now on another conversation may get it
---@field src string
---@field dst string
---@field sport? integer  nil where the protocol has no ports
---@field dport? integer
---@field proto integer  the number of the protocol above IP
---@field packets integer
---@field packets_out integer
---@field packets_in integer
---@field bytes integer  on the wire, as frame.len
---@field bytes_out integer
---@field bytes_in integer
---@field first_ns integer  time of its first packet
---@field last_ns integer
---@field duration integer  nanoseconds between the two
---@field state "new"|"established"|"closing"|"closed"|"reset"
---@field reason "idle"|"reused"|"evicted"|"stopped"  idle: without a packet for too long; reused:
--- TCP began anew between the same ports; evicted: it was silent longest when there was no more
--- room; stopped: the pass ended
---@field community_id string  of its first packet

--- Track conversations in each pass, so that packet objects have the flow fields too, and say when
--- one ends. Without this call they are tracked where a declared name, an aggregate or a 'where'
--- asks for flow.id or its like. Conversations are made of the packets that the capture's filter
--- lets through; no 'where' is given to the kernel then. Each pass begins with none, and before it
--- ends it ends all; an error and close() just forget them. A second call takes the place of the
--- first.
---
---     cap:flows { ended = function(flow) print(flow.src, flow.dst, flow.bytes, flow.reason) end }
---
---@param options? { idle: number|string?, limit: integer?, ended: (fun(flow: moontap.Flow))? }
--- idle: capture time without a packet that ends one ("60s"); limit: how many live at most (2^20);
--- ended is called before the next packet is counted and handled
function Capture:flows(options) end

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
---     for p in cap:packets("arp or udp.length > 100") do print(p.src, p.dst) end
---
---@param where? moontap.Expression  as for on
---@return fun(): moontap.Packet?
function Capture:packets(where) end

--- Loop over values of the packets that have all of these fields.
---
---     for src, len in cap:fields { "src", "frame.len" } do print(src, len) end
---
---@param names string[]  as for on
---@param where? moontap.Expression  as for on
---@return fun(): ...
function Capture:fields(names, where) end

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

--- Exchange the filter, also while a pass runs: from the next packet on the new one holds. A live
--- capture loses nothing by that; packets that came by the old filter and were not delivered yet
--- have to pass the new one, in the bytes that were kept of them.
---
---     assert(cap:set_filter("tcp port in @web", { sets = { web = { 80, 443 } } }))
---
---@param filter? moontap.Expression  nil: let all packets through
---@param options? { sets: table<string, (string|integer)[]>? }  nil: the sets of tap.open
---@return boolean?
---@return string? message  the filter before stays then
---@return integer? errno  where the kernel refuses
function Capture:set_filter(filter, options) end

--- What runs where, and why: the filter, what is in the kernel, and each 'where'.
---
---     print(cap:explain())
---
---@return string
function Capture:explain() end

--- What the filter and each 'where' are warned of: texts that may not mean what they seem to.
---
---     for _, text in ipairs(cap:warnings()) do io.stderr:write(text, "\n") end
---
---@return string[]
function Capture:warnings() end

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

return Capture
