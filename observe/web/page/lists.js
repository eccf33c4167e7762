// The tables below the graph.

import { clock, count, element, exact, seconds, set } from "./format.js";

const at = (id) => document.getElementById(id);

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
      button.title = n.name;
      button.addEventListener("click", () => choose(n.name, n.aside));
      const name = element("th", "", button);
      name.scope = "row";
      const cells = Array.from({ length: 9 }, (_, i) => element("td", i > 0 ? "n" : ""));
      rows.set(n.name, cells);
      return element("tr", "", name, ...cells);
    });
  });
  for (const n of s.nodes) {
    const cells = rows.get(n.name);
    const numbers = [n.in, n.out, n.dropped, n.retried, n.failed, n.queue, n.held];
    set(cells[0], n.kind);
    numbers.forEach((number, i) => {
      set(cells[i + 1], count(number));
      cells[i + 1].classList.toggle("zero", number === 0);
    });
    set(cells[8], seconds(n.seconds));
    cells[8].classList.toggle("zero", !n.seconds);
    cells[5].classList.toggle("bad", n.failed > 0);
  }
}

const thens = { halt: "halts", dead_letter: "dead letter", skip: "skipped" };

export function showFailures(s, text) {
  const body = at("failure-rows");
  set(at("failure-count"), s.totals.failed ? count(s.totals.failed) : "");
  const none = s.failures.length === 0;
  body.closest(".scroll").hidden = none;
  const hidden = !none && s.failures.every((f) => f.value === undefined && f.key === undefined);
  const more = s.totals.failed > s.failures.length && !none ? `The last ${s.failures.length}. ` : "";
  set(at("failures-hint"), none ? "None since the start." : more + (hidden ? "Keys, values and headers are hidden; --http-show-values shows them." : ""));
  // One that is being read must not move away.
  if (body.querySelector("details[open]")) return;
  redraw(body, JSON.stringify(s.failures), () => (hidden ? s.failures : exact(text).failures).map(failure));
}

function failure(f) {
  const record = element("td", "record", element("code", "", f.emit_id || "made of nothing"));
  if (f.value !== undefined) {
    const more = element("details", "", element("summary", "", "value and headers"));
    const headers = Object.entries(f.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
    more.append(element("pre", "", [f.key == null ? "no key" : `key: ${f.key}`, ...headers, "", JSON.stringify(f.value, null, 2)].join("\n")));
    record.append(more);
  }
  const tries = f.attempts > 1 ? ` (${f.attempts} tries)` : "";
  const node = element("td", "node-name", f.node);
  node.title = f.where;
  return element("tr", "", element("td", "nowrap", clock(f.at)), record, node, element("td", "nowrap", element("span", `then then-${f.then}`, thens[f.then] ?? f.then)), element("td", "error", f.error + tries));
}
