// What has work and makes no progress: the records that hold partitions up, and
// the operators that wait. It comes first, and says all that is known.

import { between, clock, count, element, seconds, set, whole } from "./format.js";

const most = 5; // of many the first are enough to know why
const slow = 10; // seconds that a record may take before it is named

/** How much a partition needs to be looked at. */
export function worry(p) {
  if (!p.head) return 0;
  if (p.head.error) return 2;
  return p.head.seconds > slow ? 1 : 0;
}

/** What is known of a record that holds its partition up, but its error. */
export function facts(p, s) {
  const h = p.head;
  const next = h.next_try ? between(s.at, h.next_try) : 0;
  return [
    `unfinished for ${seconds(h.seconds)}`,
    h.node ? `at ${h.node}` : "",
    h.doing ?? "",
    h.attempts ? `${h.attempts} ${h.attempts === 1 ? "try" : "tries"}` : "",
    next > 0 ? `next in ${seconds(next)}` : "",
    p.holes ? `${whole(p.holes)} finished behind it` : "",
  ].filter(Boolean);
}

export class Stuck {
  constructor(section, choose) {
    this.section = section;
    this.list = section.querySelector("ul");
    this.more = section.querySelector(".hint");
    this.choose = choose;
    this.rows = new Map();
  }

  show(s) {
    const items = this.items(s);
    this.section.hidden = items.length === 0;
    const rows = items.slice(0, most).map((item) => this.row(item));
    const kept = new Set(items.slice(0, most).map((item) => item.key));
    for (const key of this.rows.keys()) if (!kept.has(key)) this.rows.delete(key);
    if (rows.length !== this.list.children.length || rows.some((row, i) => this.list.children[i] !== row)) this.list.replaceChildren(...rows);
    set(this.more, items.length > most ? `and ${count(items.length - most)} more: see the partitions` : "");
  }

  items(s) {
    const items = s.partitions.filter((p) => worry(p) > 0).map((p) => ({
      key: p.head.emit_id, title: p.head.emit_id, node: p.head.node, error: p.head.error ?? "", bad: worry(p), seconds: p.head.seconds,
      text: facts(p, s).join(" · "),
    }));
    const named = new Set(items.map((item) => item.key));
    for (const p of s.stuck) {
      const id = p.offset >= 0 ? `${p.topic}/${p.partition}/${p.offset}` : "";
      if (named.has(id)) continue;
      items.push({
        key: `${p.node} ${id}`, title: id || p.node, node: p.node, error: p.error ?? "", bad: 2, seconds: between(p.since, s.at),
        text: [`since ${clock(p.since)}`, id ? `at ${p.node}` : "", p.doing, p.held?.length ? `held by ${p.held.join(", ")}` : "", p.where].filter(Boolean).join(" · "),
      });
    }
    return items.sort((a, b) => b.bad - a.bad || b.seconds - a.seconds);
  }

  row(item) {
    let row = this.rows.get(item.key);
    if (!row) {
      const button = element("button", "small", "See its records");
      button.type = "button";
      button.addEventListener("click", () => this.choose(button.dataset.node));
      row = element("li", "", element("p", "", element("code", "title"), " ", element("span", "facts")), element("p", "error"), button);
      this.rows.set(item.key, row);
    }
    set(row.querySelector(".title"), item.title);
    set(row.querySelector(".facts"), item.text);
    set(row.querySelector(".error"), item.error);
    const button = row.querySelector("button");
    button.hidden = !item.node;
    button.dataset.node = item.node ?? "";
    set(button, `Tap ${item.node}`);
    return row;
  }
}
