// Where the nodes of the graph stand and how the ways between them go: from left
// to right where there is room, else one under another.

import { Graph, layout } from "./vendor/dagre.js";

const node = { width: 196, height: 78 };
const narrow = 700;
const least = 0.75; // smaller, it cannot be read
const margin = 8;

/**
 * Places nodes in a room of some width: {places: name -> {x, y, width, height}
 * with x and y of the middle, ways: [{edge, d, label}], width, height, scale}.
 */
export function place(nodes, edges, room) {
  if (room < narrow) return column(nodes, edges, room);
  let plan = across(nodes, edges, 44);
  if (plan.width > room) plan = across(nodes, edges, 26);
  return { ...plan, scale: Math.max(least, Math.min(1, room / plan.width)) };
}

function across(nodes, edges, between) {
  // What takes dead letters and reports is fed from everywhere: it stands below.
  const main = nodes.filter((n) => !n.aside);
  const aside = nodes.filter((n) => n.aside);
  const known = new Set(main.map((n) => n.name));
  const g = new Graph({ multigraph: true });
  g.setGraph({ rankdir: "LR", nodesep: 18, ranksep: between, marginx: margin, marginy: margin });
  g.setDefaultEdgeLabel(() => ({}));
  for (const n of main) g.setNode(n.name, { ...node });
  edges.forEach((e, i) => {
    if (known.has(e.from) && known.has(e.to)) g.setEdge(e.from, e.to, {}, String(i));
  });
  layout(g);
  let { width, height } = g.graph();
  const places = new Map(main.map((n) => [n.name, { ...node, x: g.node(n.name).x, y: g.node(n.name).y }]));
  aside.forEach((n, i) => {
    const fromRight = aside.length - 1 - i;
    places.set(n.name, { ...node, x: Math.max(node.width / 2 + margin + i * (node.width + 18), width - margin - node.width / 2 - fromRight * (node.width + 18)), y: height + 22 + node.height / 2 });
  });
  if (aside.length) {
    height += 22 + node.height + margin;
    width = Math.max(width, ...aside.map((n) => places.get(n.name).x + node.width / 2 + margin));
  }
  const ways = [];
  edges.forEach((edge, i) => {
    const from = places.get(edge.from), to = places.get(edge.to);
    if (!from || !to) return;
    if (edge.aside) return ways.push({ edge, d: down(from, to) });
    // Past other nodes a way goes through the places that were kept free for it.
    const through = g.edge(edge.from, edge.to, String(i))?.points.slice(1, -1) ?? [];
    const stops = [{ x: from.x + from.width / 2, y: from.y }, ...(through.length > 1 ? through : []), { x: to.x - to.width / 2, y: to.y }];
    ways.push({ edge, d: smooth(stops), label: { x: to.x - to.width / 2 - 14, y: to.y - 5 } });
  });
  return { places, ways, width, height };
}

/** Through all stops, level at each. */
function smooth(stops) {
  let d = `M${stops[0].x} ${stops[0].y}`;
  for (let i = 1; i < stops.length; i++) {
    const a = stops[i - 1], b = stops[i], middle = (a.x + b.x) / 2;
    d += a.y === b.y ? `L${b.x} ${b.y}` : `C${middle} ${a.y} ${middle} ${b.y} ${b.x} ${b.y}`;
  }
  return d;
}

/** From below a node to one beside the graph. */
function down(from, to) {
  const y = from.y + from.height / 2;
  if (Math.abs(from.x - to.x) < from.width / 2) return `M${from.x} ${y}L${from.x} ${to.y - to.height / 2}`;
  const side = to.x + (from.x < to.x ? -1 : 1) * (to.width / 2);
  return `M${from.x} ${y}C${from.x} ${to.y} ${from.x} ${to.y} ${side} ${to.y}`;
}

/** One under another, in order; ways that pass others go along the left, what goes aside along the right. */
function column(nodes, edges, room) {
  const at = new Map(nodes.map((n, i) => [n.name, i]));
  const passes = (e) => at.get(e.to) - at.get(e.from) !== 1;
  const gutter = (some) => (edges.some((e) => at.has(e.from) && at.has(e.to) && some(e)) ? 34 : 2);
  const left = gutter((e) => !e.aside && passes(e)), right = gutter((e) => e.aside && passes(e));
  const width = Math.max(node.width, room - left - right);
  const places = new Map(nodes.map((n, i) => [n.name, { ...node, width, x: left + width / 2, y: margin + node.height / 2 + i * (node.height + 24) }]));
  const ways = [];
  for (const edge of edges) {
    const from = places.get(edge.from), to = places.get(edge.to);
    if (!from || !to) continue;
    if (!passes(edge)) {
      ways.push({ edge, d: `M${from.x} ${from.y + from.height / 2}L${to.x} ${to.y - to.height / 2}`, label: { x: to.x + 8, y: to.y - to.height / 2 - 8 } });
      continue;
    }
    const out = edge.aside ? 1 : -1;
    const x = from.x + (out * width) / 2;
    const bend = x + out * Math.min(44, 14 + 6 * Math.abs(at.get(edge.to) - at.get(edge.from)));
    ways.push({ edge, d: `M${x} ${from.y}C${bend} ${from.y} ${bend} ${to.y} ${x} ${to.y}`, label: { x: x - 12, y: to.y - 6 } });
  }
  return { places, ways, width: left + width + right, height: 2 * margin + nodes.length * (node.height + 24) - 24, scale: 1 };
}
