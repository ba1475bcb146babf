"use strict";
// Draws the report from the JSON beside it. Text goes in as text nodes only; the state of the filters is in the URL.
(function () {
  const data = JSON.parse(document.getElementById("data").textContent);
  const severities = data.severities;
  const statusOrder = ["fail", "unknown", "pass"];
  const perPolicy = 25;

  function el(tag, attrs, ...children) {
    const node = document.createElement(tag);
    for (const [key, value] of Object.entries(attrs || {})) {
      if (key === "class") node.className = value;
      else if (key === "onclick") node.addEventListener("click", value);
      else if (value !== null && value !== undefined && value !== false) node.setAttribute(key, value);
    }
    for (const child of children.flat(Infinity)) if (child !== null && child !== undefined) node.append(child);
    return node;
  }
  const byId = (id) => document.getElementById(id);
  const many = (n, noun) => n.toLocaleString("en") + " " + noun + (n === 1 ? "" : "s");
  const count = (list, key) => list.reduce((m, x) => m.set(key(x), (m.get(key(x)) || 0) + 1), new Map());

  // --- summary -----------------------------------------------------------------------------------------------
  const summary = data.summary;
  function tile(value, label, tone) {
    return el("div", { class: "tile" }, el("b", { class: tone ? "t-" + tone : "" }, String(value)), el("span", {}, label));
  }
  function width(node, share) { node.style.width = (share * 100).toFixed(3) + "%"; return node; }
  function drawSummary() {
    const total = summary.pass + summary.fail + summary.unknown;
    const stack = el("div", { class: "stack", role: "img", "aria-label": summary.fail + " fail, " + summary.unknown + " unknown, " + summary.pass + " pass" });
    for (const s of severities) if (summary.by_severity[s]) stack.append(width(el("i", { class: "c-" + s }), summary.by_severity[s] / total));
    if (summary.unknown) stack.append(width(el("i", { class: "c-unknown" }), summary.unknown / total));
    if (summary.pass) stack.append(width(el("i", { class: "c-pass" }), summary.pass / total));
    const legend = el("div", { class: "legend" },
      severities.filter((s) => summary.by_severity[s]).map((s) => el("span", {}, el("i", { class: "c-" + s }), s + " " + summary.by_severity[s])),
      el("span", {}, el("i", { class: "c-unknown" }), "unknown " + summary.unknown),
      el("span", {}, el("i", { class: "c-pass" }), "pass " + summary.pass));
    byId("tiles").append(
      tile(summary.by_severity.critical || 0, "critical", summary.by_severity.critical ? "critical" : ""),
      tile(summary.by_severity.high || 0, "high", summary.by_severity.high ? "high" : ""),
      tile(summary.fail, summary.excepted ? "fails in all, " + summary.excepted + " excepted" : "fails in all", ""),
      tile(summary.unknown, "not known", summary.unknown ? "unknown" : ""),
      tile(summary.resources.toLocaleString("en"), "resources", ""),
      tile(data.read, "of all answers read", summary.share_read < 1 ? "unknown" : ""),
      el("div", { class: "tile wide" }, stack, legend));
  }

  // --- filters: their state is the URL's fragment ------------------------------------------------------------
  const fields = {
    status: (v) => v.status, severity: (v) => v.severity, account: (v) => v.resource.account || "",
    region: (v) => v.resource.region || "", type: (v) => v.resource.type, environment: (v) => v.environment || "", owner: (v) => v.owner || "", change: (v) => v.change || "", policy: (v) => v.policy,
  };
  const state = new URLSearchParams(location.hash.slice(1));
  function matches(v) {
    for (const [name, get] of Object.entries(fields)) if (state.get(name) && get(v) !== state.get(name)) return false;
    const text = (state.get("q") || "").toLowerCase();
    return !text || haystack(v).includes(text);
  }
  function haystack(v) {
    const p = data.policies[v.policy];
    return [v.policy, p ? p.title : "", v.resource.uid, v.resource.name, v.resource.address, v.resource.file, v.resource.account, v.resource.region, v.owner].join(" ").toLowerCase();
  }
  function set(name, value) {
    if (value) state.set(name, value); else state.delete(name);
    history.replaceState(null, "", "#" + state.toString());
    drawFilters(); drawVerdicts();
  }
  function drawFilters() {
    const form = byId("filters");
    const focused = document.activeElement && document.activeElement.name;
    form.replaceChildren();
    const search = el("input", { type: "search", name: "q", placeholder: "Search policy, resource, file …", "aria-label": "Search" });
    search.value = state.get("q") || "";
    search.addEventListener("input", () => { if (search.value) state.set("q", search.value); else state.delete("q"); history.replaceState(null, "", "#" + state.toString()); drawVerdicts(); });
    form.append(search);
    for (const [name, get] of Object.entries(fields)) {
      const values = [...count(data.verdicts, get).entries()].filter(([v]) => v);
      if (values.length < 2 && !state.get(name)) continue;
      const order = name === "severity" ? severities : name === "status" ? statusOrder : null;
      values.sort((a, b) => order ? order.indexOf(a[0]) - order.indexOf(b[0]) : a[0] < b[0] ? -1 : 1);
      const select = el("select", { name: name, "aria-label": name }, el("option", { value: "" }, "any " + name), values.map(([v, n]) => el("option", { value: v }, v + " (" + n + ")")));
      select.value = state.get(name) || "";
      select.addEventListener("change", () => set(name, select.value));
      form.append(select);
    }
    if ([...state.keys()].length) form.append(el("button", { type: "button", onclick: () => { for (const k of [...state.keys()]) state.delete(k); set("q", ""); } }, "Clear"));
    if (focused && form.elements[focused]) form.elements[focused].focus();
  }
  byId("filters").addEventListener("submit", (e) => e.preventDefault());

  // --- charts ------------------------------------------------------------------------------------------------
  function chart(title, name, most) {
    const fails = data.verdicts.filter((v) => v.status === "fail" && fields[name](v));
    const totals = [...count(fails, fields[name]).entries()].sort((a, b) => b[1] - a[1]).slice(0, most);
    if (!totals.length) return null;
    const top = totals[0][1];
    return el("div", { class: "chart" }, el("h3", {}, title), totals.map(([value, n]) => {
      const track = el("span", { class: "bar-track" });
      for (const s of severities) {
        const k = fails.filter((v) => fields[name](v) === value && v.severity === s).length;
        if (k) track.append(width(el("i", { class: "c-" + s }), k / top));
      }
      const label = name === "policy" && data.policies[value] ? data.policies[value].title : value;
      return el("button", { type: "button", class: "bar", title: value, onclick: () => { set(name, state.get(name) === value ? "" : value); byId("h-verdicts").scrollIntoView(); } },
        el("span", { class: "bar-name" }, label), el("span", { class: "bar-count" }, String(n)), track);
    }));
  }
  function drawCharts() {
    for (const c of [chart("Policies that fail most", "policy", 8), chart("Fails by resource type", "type", 8), chart("Fails by account", "account", 8), chart("Fails by region", "region", 8)]) if (c) byId("charts").append(c);
  }

  // --- verdicts ----------------------------------------------------------------------------------------------
  function drawVerdicts() {
    const shown = data.verdicts.filter(matches);
    byId("shown").textContent = shown.length === data.verdicts.length ? many(shown.length, "verdict") : shown.length.toLocaleString("en") + " of " + many(data.verdicts.length, "verdict");
    const groups = new Map();
    for (const v of shown) { if (!groups.has(v.policy)) groups.set(v.policy, []); groups.get(v.policy).push(v); }
    const weight = (list) => Math.min(...list.map((v) => statusOrder.indexOf(v.status) * 10 + severities.indexOf(v.severity)));
    const sorted = [...groups.entries()].sort((a, b) => weight(a[1]) - weight(b[1]) || b[1].length - a[1].length);
    byId("policies").replaceChildren(...sorted.map(([id, list]) => policyBlock(id, list, sorted.length === 1)));
    if (!sorted.length) byId("policies").append(el("p", { class: "note" }, data.verdicts.length ? "No verdict matches these filters." : "There are no verdicts in this report."));
  }
  function policyBlock(id, list, open) {
    const policy = data.policies[id] || { title: id, steps: [], aliases: {} };
    const worst = list.reduce((w, v) => severities.indexOf(v.severity) < severities.indexOf(w) ? v.severity : w, list[0].severity);
    const counts = count(list, (v) => v.status);
    const block = el("details", { class: "policy" },
      el("summary", {}, el("span", { class: "sev t-" + worst }, worst),
        el("span", {}, el("span", { class: "p-title" }, policy.title), " ", el("span", { class: "p-id" }, id)),
        el("span", { class: "p-counts" }, statusOrder.filter((s) => counts.get(s)).map((s, i) => el("span", {}, (i ? " · " : ""), el("b", { class: s === "fail" ? "t-" + worst : "t-" + s }, String(counts.get(s))), " " + s)))));
    let drawn = false;
    const draw = () => { if (!drawn && block.open) { drawn = true; block.append(policyBody(policy, list)); } };
    block.addEventListener("toggle", draw);
    if (open) { block.open = true; draw(); }
    return block;
  }
  function term(list, name, value) { if (value) list.append(el("dt", {}, name), el("dd", {}, value)); }
  function policyBody(policy, list) {
    const book = el("dl", { class: "playbook" });
    term(book, "Why", policy.why);
    term(book, "Fix", policy.steps.length ? el("ol", {}, policy.steps.map((s) => el("li", {}, s))) : null);
    term(book, "Terraform", policy.terraform ? el("pre", {}, policy.terraform) : null);
    term(book, "Caution", policy.caution);
    term(book, "Verify", policy.verify);
    term(book, "Prevent", policy.prevent);
    term(book, "Fixed by", policy.fixed_by ? policy.fixed_by + ", automation: " + policy.automation : null);
    const aliases = Object.entries(policy.aliases).map(([tool, ids]) => tool + ": " + ids.join(", ")).join("; ");
    term(book, "Also known", aliases);
    const body = el("div", { class: "p-body" }, book);
    const sorted = [...list].sort((a, b) => statusOrder.indexOf(a.status) - statusOrder.indexOf(b.status) || severities.indexOf(a.severity) - severities.indexOf(b.severity));
    let at = 0;
    const more = el("button", { type: "button", class: "more" });
    function page() {
      for (const v of sorted.slice(at, at + perPolicy)) body.insertBefore(resource(v), more);
      at += perPolicy;
      if (at >= sorted.length) more.remove(); else more.textContent = "Show " + Math.min(perPolicy, sorted.length - at) + " more of " + sorted.length;
    }
    more.addEventListener("click", page);
    body.append(more);
    page();
    return body;
  }
  function resource(v) {
    const r = v.resource;
    const at = v.location || r;
    const place = [at.file ? at.file + (at.line ? ":" + at.line : "") : null, v.change, r.account, r.region, r.type, v.environment].filter(Boolean).join(" · ");
    const said = el("div", { class: "said" });
    if (v.excerpt) said.append(el("pre", {}, v.excerpt));
    if (v.calls.length) said.append(el("div", {}, "Called from " + v.calls.map((c) => c.file + ":" + c.line).join(", ")));
    const evidence = Object.entries(v.evidence).filter(([, x]) => x !== null);
    if (evidence.length) said.append(el("div", { class: "ev" }, evidence.map(([k, x]) => [el("span", {}, k), el("code", {}, typeof x === "string" ? x : JSON.stringify(x))])));
    if (v.unknown.length) said.append(el("div", { class: "ev" }, v.unknown.map((u) => [el("span", {}, u.column + " is not known"), el("code", {}, u.cause)])));
    if (v.last_known) said.append(el("div", {}, "Last known: " + v.last_known));
    if (v.exception) said.append(el("div", {}, v.exception.kind + " " + v.exception.id + ": " + v.exception.reason + (v.exception.until ? " (until " + v.exception.until + ")" : "")));
    if (v.owner_reason) said.append(el("div", {}, "Owner: " + (v.owner || "nobody") + " (" + v.owner_reason + ")"));
    if (v.command) said.append(el("pre", {}, v.command));
    const tone = v.status === "fail" ? v.severity : v.status;
    return el("div", { class: "resource" }, el("span", { class: "sev t-" + tone }, v.status),
      el("div", {}, el("div", { class: "who" }, r.address || r.name || r.uid), el("div", { class: "where" }, place), (r.address || r.name) && r.uid !== r.name ? el("div", { class: "where" }, r.uid) : null), said);
  }

  // --- coverage, not judged, boundaries ----------------------------------------------------------------------
  function table(heads, rows) {
    return el("div", { class: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, heads.map((h) => el("th", {}, h)))), el("tbody", {}, rows)));
  }
  function ledgerRow(c) {
    const good = ["ok", "absent", "gone"].includes(c.status), skipped = ["disabled", "skipped"].includes(c.status);
    return el("tr", {}, el("td", { class: good || skipped ? "" : "t-unknown" }, c.status), el("td", {}, el("code", {}, c.call)), el("td", {}, c.file || c.account), el("td", {}, c.region), el("td", {}, c.type),
      el("td", { class: "num" }, String(c.calls)), el("td", { class: "num" }, String(c.rows)), el("td", {}, c.message || c.code || ""));
  }
  function drawCoverage() {
    const heads = ["status", "call", "account or file", "region", "type", "requests", "rows", "cause"];
    const gaps = data.coverage.filter((c) => !["ok", "absent", "gone", "disabled", "skipped"].includes(c.status));
    const rest = data.coverage.filter((c) => !gaps.includes(c));
    const requests = data.coverage.reduce((n, c) => n + c.calls, 0);
    byId("coverage-intro").textContent = data.read + " of what was asked could be read" + (requests ? ", with " + many(requests, "request") : "") + ". " + (gaps.length ? "These answers are missing, and every verdict that needed one is unknown:" : "Nothing is missing.");
    if (gaps.length) byId("coverage").append(table(heads, gaps.map(ledgerRow)));
    if (rest.length) {
      const all = el("details", { class: "policy" }, el("summary", {}, el("span", { class: "sev" }, "ledger"), el("span", {}, "Everything that was read, or not asked for"), el("span", { class: "p-counts" }, many(rest.length, "line"))));
      all.addEventListener("toggle", () => { if (all.open && all.childElementCount === 1) all.append(table(heads, rest.map(ledgerRow))); });
      byId("coverage").append(el("p", {}), all);
    }
  }
  function drawRest() {
    if (data.not_judged.length) {
      byId("not-judged-section").hidden = false;
      byId("not-judged").append(table(["policy", "plane", "reason"], data.not_judged.map((n) => el("tr", {}, el("td", {}, n.policy), el("td", {}, n.plane), el("td", {}, n.reason)))));
    }
    if (data.fixed.length) {
      byId("fixed-section").hidden = false;
      byId("fixed").append(table(["policy", "resource", "severity"], data.fixed.map((v) => el("tr", {}, el("td", {}, v.policy), el("td", {}, v.resource.address || v.resource.uid), el("td", {}, v.severity)))));
    }
    if (data.suppressions.length) {
      byId("suppressions-section").hidden = false;
      byId("suppressions").append(table(["state", "where", "policies", "until", "reason"], data.suppressions.map((s) => el("tr", {},
        el("td", { class: s.status === "used" && !s.introduced ? "" : "t-unknown" }, s.introduced ? "added by this change" : s.status.replace("_", " ")),
        el("td", {}, s.id), el("td", {}, s.policies.join(", ")), el("td", {}, s.until || "no expiry"), el("td", {}, [s.reason, s.note].filter(Boolean).join("; "))))));
    }
    byId("boundaries").append(...data.boundaries.map((b) => el("li", {}, b)));
    byId("facts").textContent = [data.scan.planes.join(" + "), data.scan.finished_at.replace("T", " ").slice(0, 16) + " UTC", many(summary.resources, "resource")].join(" · ");
    byId("foot").textContent = "Trueline " + data.scan.version + ", scan " + data.scan.id;
  }
  drawSummary(); drawCharts(); drawFilters(); drawVerdicts(); drawCoverage(); drawRest();
})();
