// The pipeline as its graph, drawn once per layout; the numbers in it change
// with each status.

import { count, rate, seconds } from "./format.js";
import { place } from "./layout.js";

const space = "http://www.w3.org/2000/svg";

function svg(name, attributes, ...children) {
  const e = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes ?? {})) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

const ruler = document.createElement("canvas").getContext("2d");

/** As much of a text as has room in a font: its weight and size, as "600 13px". */
function fit(text, font, room) {
  ruler.font = `${font} ${getComputedStyle(document.body).fontFamily}`;
  if (ruler.measureText(text).width <= room) return text;
  let n = text.length - 1;
  while (n > 0 && ruler.measureText(text.slice(0, n) + "…").width > room) n--;
  return text.slice(0, n) + "…";
}

/** Sets a text of a drawing only where it changes. */
function set(e, text) {
  if (e.textContent !== text) e.textContent = text;
}

export class Graph {
  constructor(box, choose) {
    this.box = box;
    this.choose = choose;
    this.key = "";
    this.parts = new Map();
    new ResizeObserver(() => this.last && this.show(this.last)).observe(box);
  }

  show(s) {
    this.last = s;
    const key = JSON.stringify([s.run, this.box.clientWidth, s.nodes.map((n) => n.name), s.edges]);
    if (key !== this.key) {
      this.key = key;
      this.draw(s);
    }
    const nodes = new Map(s.nodes.map((n) => [n.name, n]));
    for (const n of s.nodes) this.number(n, s);
    for (const { edge, element } of this.ways) {
      const from = nodes.get(edge.from);
      element.classList.toggle("flows", from.out_rate > 0 && !edge.aside);
      // Only what has failed there is joined to the dead letters.
      element.classList.toggle("unused", edge.aside === "dead_letter" && from.failed === 0);
    }
  }

  draw(s) {
    const focused = this.box.contains(document.activeElement) ? document.activeElement.dataset.name : null;
    const plan = place(s.nodes, s.edges, this.box.clientWidth);
    const { width, height, scale } = plan;
    const picture = svg("svg", { width: Math.floor(width * scale), height: Math.ceil(height * scale), viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${s.nodes.length} nodes` });
    picture.append(svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z", class: "tip" }))));
    this.ways = plan.ways.map(({ edge, d, label }) => {
      const element = svg("path", { d, class: edge.aside ? "edge aside" : "edge", "marker-end": "url(#arrow)" });
      picture.append(element);
      return { edge, element, label };
    });
    for (const { edge, label } of this.ways) {
      if (edge.branch) picture.append(svg("text", { ...label, class: "branch", "text-anchor": "middle" }, String(edge.branch)));
    }
    this.parts.clear();
    s.nodes.forEach((n, i) => picture.append(this.node(n, plan.places.get(n.name), i)));
    this.box.replaceChildren(picture);
    if (focused) this.parts.get(focused)?.group.focus();
  }

  node(n, at, i) {
    // Its name for who cannot see it is what is written in it.
    const texts = ["name", "mark", "kind", "flow", "time", "wrong"];
    const group = svg("g", {
      transform: `translate(${at.x - at.width / 2} ${at.y - at.height / 2})`, class: `node ${n.role}`, tabindex: 0, role: "button",
      "aria-labelledby": texts.map((t) => `node-${i}-${t}`).join(" "), "data-name": n.name,
    });
    const text = (id, x, y, attributes, ...content) => svg("text", { id: `node-${i}-${id}`, x, y, ...attributes }, ...content);
    const marks = [n.state ? "state" : "", n.heals ? "heals" : "", n.aside === "report" ? "report" : ""].filter(Boolean).join(" · ");
    const room = at.width - 24, right = at.width - 10;
    const whole = [n.name, n.kind + (n.detail ? ": " + n.detail : ""), n.where].filter(Boolean).join("\n");
    const part = {
      group,
      flow: text("flow", 14, 54, { class: "flow" }),
      time: text("time", 14, 70, { class: "kind" }),
      wrong: text("wrong", right, 54, { class: "wrong", "text-anchor": "end" }),
    };
    const name = text("name", 14, 20, { class: "name" }, fit(n.name, "600 13px", marks ? room - 10 - 7 * marks.length : room));
    const mark = text("mark", right, 20, { class: "mark", "text-anchor": "end" }, marks);
    const kind = text("kind", 14, 37, { class: "kind" }, fit(n.kind + (n.detail ? " · " + n.detail : ""), "400 11.5px", room));
    group.append(
      svg("rect", { class: "box", width: at.width, height: at.height, rx: 9 }),
      svg("rect", { class: "side", width: 4, height: at.height - 18, x: 0, y: 9, rx: 2 }),
      name, " ", mark, " ", kind, " ", part.flow, " ", part.time, " ", part.wrong, // apart for who hears it
    );
    group.addEventListener("pointerenter", () => (this.box.title = whole));
    group.addEventListener("pointerleave", () => this.box.removeAttribute("title"));
    group.addEventListener("click", () => this.choose(n.name, n.aside));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.choose(n.name, n.aside);
      }
    });
    this.parts.set(n.name, part);
    return group;
  }

  number(n, s) {
    const part = this.parts.get(n.name);
    const same = n.role === "source" || !n.out_rate || Math.abs(n.in_rate - n.out_rate) < 0.02 * n.in_rate;
    let flow = same ? `${rate(Math.max(n.in_rate, n.out_rate))}/s` : `${rate(n.in_rate)} → ${rate(n.out_rate)}/s`;
    if (n.aside === "dead_letter") flow = n.dead_letters > 0 ? `${count(n.dead_letters)} ${n.dead_letters === 1 ? "letter" : "letters"}` : "no letters";
    set(part.flow, flow);
    const waits = [n.seconds > 0 ? seconds(n.seconds) : "", n.queue > 0 ? `${count(n.queue)} wait` : "", n.held > 0 ? `${count(n.held)} held` : ""].filter(Boolean);
    set(part.time, waits.join(" · "));
    set(part.wrong, n.failed > 0 ? `${count(n.failed)} failed` : n.retried > 0 ? `${count(n.retried)} retried` : "");
    const stuck = s.stuck.some((p) => p.node === n.name) || s.partitions.some((p) => p.head?.node === n.name && p.head.error);
    part.group.classList.toggle("bad", stuck || !!n.errors);
    part.group.classList.toggle("unused", !!n.aside && n.in === 0 && n.dead_letters === 0);
  }
}
