// The pipeline as its graph, drawn once per layout; the numbers in it change
// with each status.

import { Graph as Layout, layout } from "./vendor/dagre.js";
import { count, rate, seconds } from "./format.js";

const space = "http://www.w3.org/2000/svg";
const size = { width: 188, height: 74 };

function svg(name, attributes, ...children) {
  const e = document.createElementNS(space, name);
  for (const [key, value] of Object.entries(attributes ?? {})) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

/** The first characters of a text, with the whole as its title. */
function cut(text, most) {
  return text.length > most ? text.slice(0, most - 1) + "…" : text;
}

export class Graph {
  constructor(box, choose) {
    this.box = box;
    this.choose = choose;
    this.key = "";
    this.parts = new Map();
    new ResizeObserver(() => this.again()).observe(box);
  }

  show(s) {
    this.last = s;
    const direction = this.box.clientWidth < 700 ? "TB" : "LR";
    const key = JSON.stringify([s.run, direction, s.nodes.map((n) => n.name), s.edges]);
    if (key !== this.key) {
      this.key = key;
      this.draw(s, direction);
    }
    for (const n of s.nodes) this.number(n, s);
    for (const line of this.asides ?? []) {
      const from = s.nodes.find((n) => n.name === line.from);
      line.element.classList.toggle("unused", !from || (line.aside === "dead_letter" && from.failed === 0));
    }
    for (const line of this.lines ?? []) {
      const from = s.nodes.find((n) => n.name === line.from);
      line.element.classList.toggle("flows", !!from && from.out_rate > 0);
    }
  }

  again() {
    if (this.last) this.show(this.last);
  }

  draw(s, direction) {
    // What takes dead letters and reports is fed from everywhere: it stands below,
    // and only those are joined to it that have fed it.
    const aside = s.nodes.filter((n) => n.aside);
    const main = s.nodes.filter((n) => !n.aside);
    const g = new Layout({ multigraph: true });
    g.setGraph({ rankdir: direction, nodesep: 18, ranksep: direction === "LR" ? 44 : 30, marginx: 8, marginy: 8 });
    g.setDefaultEdgeLabel(() => ({}));
    for (const n of main) g.setNode(n.name, { ...size });
    const known = new Set(main.map((n) => n.name));
    s.edges.forEach((e, i) => {
      if (known.has(e.from) && known.has(e.to)) g.setEdge(e.from, e.to, { branch: e.branch }, String(i));
    });
    layout(g);
    let { width, height } = g.graph();
    this.places = new Map(main.map((n) => [n.name, g.node(n.name)]));
    aside.forEach((n, i) => this.places.set(n.name, { x: Math.max(size.width / 2 + 8, width - (aside.length - 1 - i) * (size.width + 18) - size.width / 2 - 8), y: height + 26 + size.height / 2 }));
    if (aside.length) {
      height += size.height + 34;
      width = Math.max(width, ...aside.map((n) => this.places.get(n.name).x + size.width / 2 + 8));
    }
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `${s.nodes.length} nodes` });
    picture.append(svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto" }, svg("path", { d: "M0 0L8 4L0 8z", class: "tip" }))));
    this.lines = g.edges().map((e) => this.line(picture, g.edge(e), e));
    this.asides = s.edges.filter((e) => e.aside && this.places.has(e.from) && this.places.has(e.to)).map((e) => this.sideLine(picture, e));
    this.parts.clear();
    for (const n of s.nodes) picture.append(this.node(n, this.places.get(n.name)));
    this.box.replaceChildren(picture);
  }

  line(picture, edge, ends) {
    const points = edge.points;
    let d = `M${points[0].x} ${points[0].y}`;
    for (let i = 1; i < points.length - 1; i++) {
      const next = i === points.length - 2 ? points[i + 1] : { x: (points[i].x + points[i + 1].x) / 2, y: (points[i].y + points[i + 1].y) / 2 };
      d += `Q${points[i].x} ${points[i].y} ${next.x} ${next.y}`;
    }
    if (points.length === 2) d += `L${points[1].x} ${points[1].y}`;
    const path = svg("path", { d, class: "edge", "marker-end": "url(#arrow)" });
    picture.append(path);
    if (edge.branch) {
      const middle = points[Math.floor(points.length / 2)];
      picture.append(svg("text", { x: middle.x, y: middle.y - 4, class: "branch" }, String(edge.branch)));
    }
    return { from: ends.v, element: path };
  }

  /** A line to what is fed from beside the graph; hidden until it is. */
  sideLine(picture, e) {
    const from = this.places.get(e.from), to = this.places.get(e.to);
    const x = from.x, y = from.y + size.height / 2, top = to.y - size.height / 2;
    const near = Math.abs(x - to.x) < size.width / 2;
    const d = near ? `M${x} ${y}L${x} ${top}` : `M${x} ${y}C${x} ${to.y} ${x} ${to.y} ${to.x + (x < to.x ? -1 : 1) * (size.width / 2)} ${to.y}`;
    const path = svg("path", { d, class: "edge aside", "marker-end": "url(#arrow)" });
    picture.append(path);
    return { ...e, element: path };
  }

  node(n, place) {
    const group = svg("g", { transform: `translate(${place.x - size.width / 2} ${place.y - size.height / 2})`, class: "node " + n.role, tabindex: 0, role: "button", "aria-label": `${n.name}, ${n.kind}: see its records` });
    const title = svg("title", {}, `${n.name}\n${n.kind}${n.detail ? ": " + n.detail : ""}\n${n.where}`);
    const name = svg("text", { x: 12, y: 19, class: "name" }, cut(n.name, 22));
    const kind = svg("text", { x: 12, y: 35, class: "kind" }, cut(n.kind + (n.detail ? " · " + n.detail : ""), 30));
    const flow = svg("text", { x: 12, y: 51, class: "flow" });
    const time = svg("text", { x: 12, y: 66, class: "kind" });
    const wrong = svg("text", { x: size.width - 10, y: 66, class: "wrong", "text-anchor": "end" });
    const marks = [n.state ? "state" : "", n.heals ? "heals" : "", n.aside ? n.aside.replace("_", " ") : ""].filter(Boolean).join(" · ");
    const mark = svg("text", { x: size.width - 10, y: 19, class: "mark", "text-anchor": "end" }, marks);
    group.append(title, svg("rect", { width: size.width, height: size.height, rx: 8 }), svg("rect", { class: "side", width: 4, height: size.height - 16, x: 0, y: 8, rx: 2 }), name, kind, flow, time, mark, wrong);
    group.addEventListener("click", () => this.choose(n.name));
    group.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        this.choose(n.name);
      }
    });
    this.parts.set(n.name, { group, flow, time, wrong });
    return group;
  }

  number(n, s) {
    const part = this.parts.get(n.name);
    if (!part) return;
    const same = Math.abs(n.in_rate - n.out_rate) < 0.05 || n.role === "source" || !n.out_rate;
    part.flow.textContent = same ? `${rate(Math.max(n.in_rate, n.out_rate))}/s` : `${rate(n.in_rate)} → ${rate(n.out_rate)}/s`;
    const waits = [n.queue > 0 ? `${count(n.queue)} wait` : "", n.held > 0 ? `${count(n.held)} held` : "", n.seconds > 0 ? seconds(n.seconds) : ""].filter(Boolean);
    part.time.textContent = waits.join(" · ");
    const failed = n.failed + n.skipped;
    part.wrong.textContent = failed > 0 ? `${count(failed)} failed` : n.retried > 0 ? `${count(n.retried)} retried` : "";
    const stuck = s.stuck.some((p) => p.node === n.name) || s.partitions.some((p) => p.head?.node === n.name && p.head.error);
    part.group.classList.toggle("bad", stuck || !!n.errors);
  }
}
