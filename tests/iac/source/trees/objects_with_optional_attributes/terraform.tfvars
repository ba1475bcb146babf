rules = [
  { name = "a" },
  { name = "b", port = 22, settings = { fast = false } },
  { name = "c", sources = [], note = "n", settings = null },
]
