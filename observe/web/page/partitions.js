// A strip for each partition: what was read and is not committed, and what is
// left to read. Those that somebody should look at come first.

import { clock, count, element, seconds, set, whole } from "./format.js";
import { color } from "./charts.js";

const atOnce = 40;
const worrying = 10; // seconds that a record may take before it is named

/** How much a partition needs to be looked at. */
function worry(p) {
  if (!p.head) return 0;
  if (p.head.error) return 2;
  return p.head.seconds > worrying ? 1 : 0;
}

export class Partitions {
  constructor(section) {
    this.body = section.querySelector("tbody");
    this.filter = section.querySelector("#partition-filter");
    this.count = section.querySelector("#partition-count");
    this.groups = section.querySelector("#groups");
    this.more = section.querySelector("#more-partitions");
    this.rows = new Map();
    this.most = atOnce;
    this.filter.addEventListener("input", () => this.show(this.last));
    this.more.addEventListener("click", () => {
      this.most += 5 * atOnce;
      this.show(this.last);
    });
  }

  show(s) {
    if (!s) return;
    this.last = s;
    const wanted = this.filter.value.trim().toLowerCase();
    const all = s.partitions.filter((p) => `${p.topic}/${p.partition}`.toLowerCase().includes(wanted));
    all.sort((a, b) => worry(b) - worry(a) || b.lag - a.lag || a.topic.localeCompare(b.topic) || a.partition - b.partition);
    const shown = all.slice(0, this.most);
    set(this.count, s.partitions.length ? `${s.partitions.length}` + (all.length === s.partitions.length ? "" : `, ${all.length} found`) : "none held");
    this.more.hidden = all.length <= shown.length;
    set(this.more, `Show more of ${all.length}`);
    const kept = new Set();
    const elements = [];
    for (const p of shown) {
      const key = `${p.source} ${p.topic}/${p.partition}`;
      kept.add(key);
      if (!this.rows.has(key)) this.rows.set(key, new Row());
      const row = this.rows.get(key);
      elements.push(row.line);
      if (row.show(p, s)) elements.push(row.stuck);
    }
    for (const key of this.rows.keys()) if (!kept.has(key)) this.rows.delete(key);
    arrange(this.body, elements);
    for (const p of shown) this.rows.get(`${p.source} ${p.topic}/${p.partition}`).draw(p);
    this.showGroups(s);
  }

  showGroups(s) {
    const texts = s.groups.map((g) => {
      const parts = [`Group ${g.name}`, g.joined ? `joined, generation ${g.generation}` : "not joined", `${count(g.commits)} commits`];
      if (g.rebalances) parts.push(`${g.rebalances} rebalances`);
      if (g.commit_errors) parts.push(`${g.commit_errors} commits refused`);
      if (g.last_commit) parts.push(`last commit ${clock(g.last_commit)}`);
      if (g.error) parts.push(g.error);
      return parts.join(" · ");
    });
    if (this.groups.dataset.text === texts.join("\n")) return;
    this.groups.dataset.text = texts.join("\n");
    this.groups.replaceChildren(...texts.map((text) => element("p", "hint", text)));
  }
}

/** Puts elements in order with as few moves as there are changes. */
function arrange(box, elements) {
  elements.forEach((e, i) => {
    if (box.children[i] !== e) box.insertBefore(e, box.children[i] ?? null);
  });
  while (box.children.length > elements.length) box.lastElementChild.remove();
}

class Row {
  constructor() {
    this.name = element("th", "");
    this.name.scope = "row";
    this.canvas = element("canvas", "strip");
    this.canvas.setAttribute("role", "img");
    this.cells = ["n", "n", "n", "n"].map((c) => element("td", c));
    this.line = element("tr", "", this.name, element("td", "wide", this.canvas), ...this.cells);
    this.text = element("div", "");
    const cell = element("td", "", this.text);
    cell.colSpan = 6;
    this.stuck = element("tr", "stuck", cell);
  }

  /** Shows a partition and says whether its head is worth a line. */
  show(p, s) {
    set(this.name, `${p.topic}/${p.partition}`);
    const [committed, lag, flight, oldest] = this.cells;
    set(committed, whole(p.committed));
    set(lag, count(p.lag));
    set(flight, count(p.in_flight) + (p.full ? " full" : ""));
    flight.classList.toggle("warn", p.full);
    set(oldest, seconds(p.oldest_seconds));
    const bad = worry(p);
    this.line.classList.toggle("worry", bad > 0);
    if (!bad) return false;
    const h = p.head;
    const parts = [h.emit_id, `unfinished for ${seconds(h.seconds)}`];
    if (h.node) parts.push(`at ${h.node}`);
    if (h.doing) parts.push(h.doing);
    if (h.attempts) parts.push(`try ${h.attempts}`);
    const next = h.next_try ? (new Date(h.next_try) - new Date(s.at)) / 1000 : 0;
    if (next > 0) parts.push(`next in ${seconds(next)}`);
    if (p.holes) parts.push(`${count(p.holes)} finished behind it`);
    set(this.text, parts.join(" · ") + (h.error ? ": " + h.error : ""));
    return true;
  }

  draw(p) {
    const width = this.canvas.clientWidth, height = this.canvas.clientHeight;
    if (!width) return;
    const dense = window.devicePixelRatio || 1;
    if (this.canvas.width !== Math.round(width * dense)) {
      this.canvas.width = Math.round(width * dense);
      this.canvas.height = Math.round(height * dense);
    }
    const pen = this.canvas.getContext("2d");
    pen.setTransform(dense, 0, 0, dense, 0, 0);
    pen.clearRect(0, 0, width, height);
    const from = p.committed >= 0 ? p.committed : p.watermark;
    const read = Math.max(0, p.position - from);
    const left = p.end >= 0 ? Math.max(0, p.end - p.position) : 0;
    // What is left to read may be a million times what is in flight: it never
    // takes more than a quarter.
    const share = left === 0 ? 1 : read === 0 ? 0 : Math.max(0.75, read / (read + left));
    const x = (offset) => (read === 0 ? 0 : ((offset - from) / read) * width * share);
    const bar = (a, b, fill, least = 1) => {
      const x0 = x(Math.max(a, from)), x1 = x(Math.min(b, p.position));
      if (b > a && x1 >= x0) {
        pen.fillStyle = color(fill);
        pen.fillRect(x0, 3, Math.max(x1 - x0, least), height - 6);
      }
    };
    pen.fillStyle = color("idle");
    pen.fillRect(width * share, height / 2 - 2, width * (1 - share), 4);
    if (read === 0 && left === 0) pen.fillRect(0, height / 2 - 1, width, 2);
    bar(from, p.watermark, "good");
    bar(p.watermark, p.position, "open");
    // Narrower than a point, they are as faint as they are few.
    for (const [a, b] of p.finished ?? []) bar(a, b, "hole", 0.2);
    if (p.head) {
      pen.fillStyle = color(worry(p) ? "bad" : "text");
      pen.fillRect(Math.min(x(p.head.offset), width - 3), 0, 3, height);
    }
    this.canvas.setAttribute("aria-label", this.words(p, left));
  }

  words(p, left) {
    if (p.in_flight === 0 && left === 0) return "All is read and finished.";
    const parts = [`${whole(p.in_flight)} in flight`];
    if (p.holes) parts.push(`${whole(p.holes)} finished out of order`);
    if (p.head) parts.push(`offset ${p.head.offset} holds it up`);
    if (left) parts.push(`${whole(left)} to read`);
    return parts.join(", ") + ".";
  }
}
