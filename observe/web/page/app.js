// The live page: hears of the status each second and gives it to its parts.
// Parts are modules with a function show(status); none of them keeps a state
// that the next status would not mend.

import { between, bytes, count, element, rate, seconds, set } from "./format.js";
import { follow } from "./stream.js";
import { Charts } from "./charts.js";
import { Graph } from "./graph.js";
import { Partitions } from "./partitions.js";
import { showFailures, showNodes } from "./lists.js";
import { Stuck } from "./stuck.js";
import { Tap } from "./tap.js";

const at = (id) => document.getElementById(id);

const charts = new Charts(at("chart-rate"), at("chart-lag"));
const tap = new Tap(at("tap"));

/** Shows what went through a node: of dead letters, the failures they are of. */
function choose(name, aside) {
  if (aside !== "dead_letter") return tap.open(name);
  const failures = at("failures-title");
  failures.scrollIntoView({ block: "start" });
  failures.focus({ preventScroll: true });
}

const graph = new Graph(at("graph"), choose);
const stuck = new Stuck(at("stuck-section"), choose);
const partitions = new Partitions(at("partitions"));
let run = null;
let version = null;

follow({
  status(s, text) {
    at("connection").hidden = true;
    document.body.classList.remove("away");
    // Another version has another page.
    if (version !== null && s.version !== version) return location.reload();
    version = s.version;
    if (s.run !== run) begin(s);
    header(s);
    figures(s);
    charts.show(s);
    graph.show(s);
    tap.show(s);
    partitions.show(s);
    stuck.show(s);
    showNodes(s, choose);
    showFailures(s, text);
    set(at("process"), `${count(s.process.workers)} workers · ${count(s.process.goroutines)} goroutines · ${bytes(s.process.heap_bytes)} on the heap`);
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

/** What is wrong, in a word or two. */
const words = {
  starting: "starting", stopping: "stopping", halted: "halted", stalled: "stalled", brokers_away: "brokers away",
  writes: "not writing", not_joined: "not joined", commits: "not committing",
};
const calm = new Set(["starting", "stopping"]);

function header(s) {
  document.title = (s.health.ready ? "" : "⚠ ") + s.pipeline + " · waterhealer";
  set(at("pipeline"), s.pipeline);
  const badge = at("health");
  const first = s.health.problems?.[0]?.code;
  set(badge, s.health.ready ? "ready" : words[first] ?? "not ready");
  badge.dataset.state = s.health.ready ? "ready" : calm.has(first) ? "calm" : "bad";
  set(at("state"), s.state);
  set(at("uptime"), "up " + seconds(between(s.started, s.at)));
  set(at("version"), "waterhealer " + s.version);
  const problems = at("problems");
  const found = s.health.problems ?? [];
  const lines = found.map((p) => [p.text, `for ${seconds(Math.floor(between(p.since, s.at)))}`]);
  if (s.reason && !found.some((p) => p.text.includes(s.reason))) lines.unshift([s.reason, ""]);
  problems.hidden = lines.length === 0;
  problems.classList.toggle("bad", !calm.has(first));
  problems.classList.toggle("warn", calm.has(first));
  // What is read aloud is said once; how long it lasts changes beside it.
  const texts = lines.map(([text]) => text).join("\n");
  if (problems.dataset.text !== texts) {
    problems.dataset.text = texts;
    problems.replaceChildren(...lines.map(([text]) => element("p", "", element("span", "", text), element("span", "hint since"))));
  }
  const times = problems.querySelectorAll(".since");
  lines.forEach(([, time], i) => set(times[i], time));
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

const darkness = matchMedia("(prefers-color-scheme: dark)");

/** Draws anew what the style sheet does not reach. */
function recolor() {
  charts.redraw();
  partitions.redraw();
}

darkness.addEventListener("change", recolor);
at("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : darkness.matches;
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // It holds until the page is closed.
  }
  recolor();
});

at("config-box").addEventListener("toggle", async (event) => {
  if (!event.target.open) return;
  const answer = await fetch("/api/v1/config").catch(() => null);
  set(at("config"), answer?.ok ? await answer.text() : "The pipeline does not answer.");
});
