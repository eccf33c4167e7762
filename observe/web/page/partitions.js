// A strip for each partition: what was read and is not committed, and what is
// left to read. Those that somebody should look at come first.

import { clock, count, element, seconds, set, whole } from "./format.js";
import { drawStrip, words } from "./strip.js";
import { facts, worry } from "./stuck.js";

const atOnce = 40;

/** By what rows are put in order, beside what is wrong: the biggest first. */
const orders = { lag: (p) => p.lag, flight: (p) => p.in_flight, oldest: (p) => p.oldest_seconds };

export class Partitions {
  constructor(section) {
    const part = (selector) => section.querySelector(selector);
    this.table = part("table");
    this.body = part("tbody");
    this.filter = part("#partition-filter");
    this.count = part("#partition-count");
    this.groups = part("#groups");
    this.empty = part("#no-partitions");
    this.more = part("#more-partitions");
    this.heads = [...section.querySelectorAll("th[data-order]")];
    this.order = "name";
    this.rows = new Map();
    this.most = atOnce;
    this.filter.addEventListener("input", () => this.show(this.last));
    this.more.addEventListener("click", () => {
      this.most += 5 * atOnce;
      this.show(this.last);
    });
    for (const head of this.heads) head.querySelector("button").addEventListener("click", () => this.sort(head.dataset.order));
    new ResizeObserver(() => this.redraw()).observe(this.table);
  }

  sort(order) {
    this.order = order;
    for (const head of this.heads) {
      if (head.dataset.order === order) head.setAttribute("aria-sort", order === "name" ? "ascending" : "descending");
      else head.removeAttribute("aria-sort");
    }
    this.show(this.last);
  }

  compare(a, b) {
    const by = orders[this.order];
    return worry(b) - worry(a) || (by ? by(b) - by(a) : 0) || a.topic.localeCompare(b.topic) || a.partition - b.partition;
  }

  show(s) {
    if (!s) return;
    this.last = s;
    const wanted = this.filter.value.trim().toLowerCase();
    const all = s.partitions.filter((p) => `${p.topic}/${p.partition}`.toLowerCase().includes(wanted));
    all.sort((a, b) => this.compare(a, b));
    const shown = all.slice(0, this.most);
    set(this.count, s.partitions.length ? whole(s.partitions.length) + (all.length === s.partitions.length ? "" : `, ${all.length} found`) : "");
    this.table.parentElement.hidden = all.length === 0;
    this.empty.hidden = all.length > 0;
    set(this.empty, s.partitions.length ? "No partition is called so." : "This process holds no partition now.");
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
    this.redraw();
    this.showGroups(s);
  }

  /** Draws the strips, as after another size or theme. */
  redraw() {
    for (const row of this.rows.values()) row.draw();
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

const labels = ["Committed", "Watermark", "End", "Lag", "In flight", "Holes", "Oldest"];

class Row {
  constructor() {
    this.topic = element("span", "topic");
    this.number = element("span", "");
    const name = element("th", "", element("div", "name", this.topic, this.number));
    name.scope = "row";
    this.canvas = element("canvas", "strip");
    this.canvas.setAttribute("role", "img");
    this.cells = labels.map((label, i) => {
      const cell = element("td", i === 1 || i === 2 ? "n rare" : "n");
      cell.dataset.label = label;
      return cell;
    });
    this.line = element("tr", "", name, element("td", "wide", this.canvas), ...this.cells);
    this.text = element("div", "");
    const cell = element("td", "", this.text);
    cell.colSpan = 2 + labels.length;
    this.stuck = element("tr", "stuck", cell);
  }

  /** Shows a partition and says whether its head is worth a line. */
  show(p, s) {
    this.partition = p;
    set(this.topic, p.topic);
    set(this.number, `/${p.partition}`);
    this.topic.title = p.topic;
    const texts = [whole(p.committed), whole(p.watermark), whole(p.end), count(p.lag), count(p.in_flight) + (p.full ? " full" : ""), count(p.holes), seconds(p.oldest_seconds)];
    texts.forEach((text, i) => set(this.cells[i], text));
    this.cells[4].classList.toggle("warn", p.full);
    const bad = worry(p);
    this.line.classList.toggle("worry", bad > 0);
    if (!bad) return false;
    set(this.text, [p.head.emit_id, ...facts(p, s)].join(" · ") + (p.head.error ? ": " + p.head.error : ""));
    return true;
  }

  draw() {
    drawStrip(this.canvas, this.partition, worry(this.partition) > 0);
    const text = words(this.partition);
    if (this.canvas.title === text) return;
    this.canvas.title = text;
    this.canvas.setAttribute("aria-label", text);
  }
}
