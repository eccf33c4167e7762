// The live page: hears of the status each second and gives it to its parts.
// Parts are modules with a function show(status); none of them keeps a state
// that the next status would not mend.

import { between, count, element, rate, seconds, set } from "./format.js";
import { follow } from "./stream.js";
import { Charts } from "./charts.js";
import { Graph } from "./graph.js";
import { Partitions } from "./partitions.js";
import { showFailures, showNodes, showStuck } from "./lists.js";
import { Tap } from "./tap.js";

const at = (id) => document.getElementById(id);

const charts = new Charts(at("chart-rate"), at("chart-lag"));
const tap = new Tap(at("tap"));
const graph = new Graph(at("graph"), (name) => tap.open(name));
const partitions = new Partitions(at("partitions"));
let run = null;

follow({
  status(s) {
    at("connection").hidden = true;
    document.body.classList.remove("away");
    if (s.run !== run) begin(s);
    header(s);
    figures(s);
    charts.show(s);
    graph.show(s);
    tap.show(s);
    partitions.show(s);
    showStuck(s);
    showNodes(s, (name) => tap.open(name));
    showFailures(s);
  },
  away(since) {
    const notice = at("connection");
    notice.hidden = false;
    set(notice, `No answer from the pipeline since ${since.toLocaleTimeString("en-GB")}. What you see is from before; it is asked again.`);
    document.body.classList.add("away");
    set(at("health"), "no answer");
    at("health").dataset.state = "away";
  },
});

/** Another run of the program: nothing of the last one holds any more. */
async function begin(s) {
  run = s.run;
  try {
    const answer = await fetch("/api/v1/history");
    if (answer.ok) charts.begin(await answer.json());
  } catch {
    charts.begin([]); // the charts fill from here on
  }
}

function header(s) {
  document.title = (s.health.ready ? "" : "⚠ ") + s.pipeline + " · waterhealer";
  set(at("pipeline"), s.pipeline);
  const badge = at("health");
  set(badge, !s.health.live ? "dead" : s.health.ready ? "ready" : "not ready");
  badge.dataset.state = s.health.ready ? "ready" : "bad";
  set(at("state"), s.state);
  set(at("uptime"), "up " + seconds(between(s.started, s.at)));
  set(at("version"), "waterhealer " + s.version);
  const problems = at("problems");
  const texts = (s.health.problems ?? []).map((p) => `${p.text} (for ${seconds(between(p.since, s.at))})`);
  if (s.reason) texts.unshift(s.reason);
  problems.hidden = texts.length === 0;
  if (problems.dataset.text !== texts.join("\n")) {
    problems.dataset.text = texts.join("\n");
    problems.replaceChildren(...texts.map((text) => element("p", "", text)));
  }
}

const shown = [
  ["Read", (s) => rate(s.rates.in) + "/s", (s) => count(s.totals.in) + " in all"],
  ["Written", (s) => rate(s.rates.out) + "/s", (s) => count(s.totals.out) + " in all"],
  ["In flight", (s) => count(s.totals.in_flight), () => "not finished yet"],
  ["Lag", (s) => count(s.totals.lag), () => "offsets to the ends"],
  ["Retried", (s) => count(s.totals.retried), () => "since the start"],
  ["Failed", (s) => count(s.totals.failed), (s) => `${count(s.totals.dead_letters)} dead letters, ${count(s.totals.skipped)} skipped`],
];

function figures(s) {
  const box = at("figures");
  if (!box.childElementCount) {
    for (const [name] of shown) box.append(element("div", "figure", element("h2", "", name), element("p", "value"), element("p", "hint")));
  }
  shown.forEach(([name, value, more], i) => {
    const [, p, hint] = box.children[i].children;
    set(p, value(s));
    set(hint, more(s));
    p.classList.toggle("bad", name === "Failed" && s.totals.failed > 0);
  });
}

at("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // It holds until the page is closed.
  }
  charts.redraw();
});

at("config-box").addEventListener("toggle", async (event) => {
  if (!event.target.open) return;
  const answer = await fetch("/api/v1/config").catch(() => null);
  set(at("config"), answer?.ok ? await answer.text() : "The pipeline does not answer.");
});
