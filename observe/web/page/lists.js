// The tables below the graph.

import { clock, count, element, seconds, set } from "./format.js";

const at = (id) => document.getElementById(id);

/** What has work and makes no progress. */
export function showStuck(s) {
  at("stuck-section").hidden = s.stuck.length === 0;
  const items = s.stuck.map((p) => {
    const record = p.offset >= 0 ? `, record ${p.topic}/${p.partition}/${p.offset}` : p.topic ? `, ${p.topic}/${p.partition}` : "";
    const held = p.held?.length ? `, held by ${p.held.join(", ")}` : "";
    return `${p.node}: ${p.doing}${record}${held}, since ${clock(p.since)}${p.error ? ": " + p.error : ""}`;
  });
  redraw(at("stuck"), items.join("\n"), () => items.map((text) => element("li", "", text)));
}

/** Draws the children of a box anew where what they say has changed. */
function redraw(box, key, make) {
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.replaceChildren(...make());
}

const rows = new Map();

export function showNodes(s, choose) {
  const body = at("node-rows");
  const names = s.nodes.map((n) => n.name).join("\n");
  redraw(body, names, () => {
    rows.clear();
    return s.nodes.map((n) => {
      const button = element("button", "link", n.name);
      button.type = "button";
      button.addEventListener("click", () => choose(n.name));
      const name = element("th", "", button);
      name.scope = "row";
      const cells = Array.from({ length: 9 }, (_, i) => element("td", i > 0 ? "n" : ""));
      rows.set(n.name, cells);
      return element("tr", "", name, ...cells);
    });
  });
  for (const n of s.nodes) {
    const cells = rows.get(n.name);
    [n.kind, count(n.in), count(n.out), count(n.dropped), count(n.retried), count(n.failed), count(n.queue), count(n.held), seconds(n.seconds)].forEach((text, i) => set(cells[i], text));
    cells[5].classList.toggle("bad", n.failed > 0);
  }
}

const thens = { halt: "halts", dead_letter: "dead letter", skip: "skipped" };

export function showFailures(s) {
  set(at("failure-count"), s.totals.failed ? count(s.totals.failed) : "");
  const hidden = s.failures.some((f) => f.value === undefined && f.key === undefined);
  set(at("failures-hint"), s.failures.length === 0 ? "None since the start." : hidden ? "Keys, values and headers are hidden; --http-show-values shows them." : "");
  // One that is being read must not move away.
  if (at("failure-rows").querySelector("details[open]")) return;
  redraw(at("failure-rows"), JSON.stringify(s.failures), () => s.failures.map(failure));
}

function failure(f) {
  const record = element("td", "", element("code", "", f.emit_id));
  if (f.value !== undefined) {
    const more = element("details", "", element("summary", "", "value"));
    const headers = Object.entries(f.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    more.append(element("pre", "", [f.key == null ? "no key" : `key: ${f.key}`, ...headers, "", JSON.stringify(f.value, null, 2)].join("\n")));
    record.append(more);
  }
  const tries = f.attempts > 1 ? ` (${f.attempts} tries)` : "";
  return element("tr", "", element("td", "nowrap", clock(f.at)), record, element("td", "", f.node), element("td", "nowrap", thens[f.then] ?? f.then), element("td", "error", f.error + tries));
}
