--- The tools that come with moontap, and the question that each of them answers. A tool NAME is
-- the module moontap.tools.NAME: a script like any other, and rocks may bring more of them.
return {
  { "compare", "do two captures hold the same packets?" },
  { "convert", "how does this capture look in another format, cut, or at another time?" },
  { "info", "what is in a capture: how many packets, how long, from when, with which losses?" },
  { "merge", "what do several capture files hold together, in order of time?" },
  { "overview", "who talked to whom, how much, with which protocols, and when" },
  { "print", "which packets are there? one line each, or their fields" },
  { "split", "how does a capture fall apart, by hosts, ports, or whatever its packets have?" },
  { "top", "who or what is most active, by any field" },
}
