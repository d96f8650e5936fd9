--- The tools that come with moontap, and the question that each of them answers. A tool NAME is
-- the module moontap.tools.NAME: a script like any other, and rocks may bring more of them.
return {
  { "overview", "who talked to whom, how much, with which protocols, and when" },
  { "print", "which packets are there? one line each, or their fields" },
  { "top", "who or what is most active, by any field" },
}
