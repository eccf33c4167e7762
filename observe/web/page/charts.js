// Throughput and lag over the last 15 minutes.

import { color, count, rate } from "./format.js";

const kept = 15 * 60;
const height = 170;

/** The clock's time of a mark, with seconds where marks are closer than a minute. */
function hour(t, marks) {
  const close = marks.length > 1 && marks[1] - marks[0] < 60;
  return new Date(t * 1000).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", ...(close ? { second: "2-digit" } : {}) });
}

export class Charts {
  constructor(rateBox, lagBox) {
    this.boxes = { rate: rateBox, lag: lagBox };
    this.points = [];
    this.plots = {};
    this.begun = false;
    new ResizeObserver(() => this.resize()).observe(rateBox);
  }

  /** Starts with what the server remembers. */
  begin(points) {
    this.points = points.map((p) => [new Date(p.at) / 1000, p.in, p.out, p.failed, p.lag < 0 ? null : p.lag, p.in_flight]);
    this.begun = true;
    this.redraw();
  }

  show(s) {
    if (!this.begun) return; // the history comes first
    const now = new Date(s.at) / 1000;
    const last = this.points.at(-1);
    if (last && now <= last[0]) return;
    this.points.push([now, s.rates.in, s.rates.out, s.rates.failed, s.totals.lag < 0 ? null : s.totals.lag, s.totals.in_flight]);
    while (this.points[0][0] < now - kept) this.points.shift();
    this.update();
    this.describe(s);
  }

  describe(s) {
    document.getElementById("chart-rate-text").textContent = `Now ${rate(s.rates.in)} read and ${rate(s.rates.out)} written per second.`;
    document.getElementById("chart-lag-text").textContent = `Now ${count(s.totals.lag)} offsets behind.`;
  }

  columns(...which) {
    return [0, ...which].map((i) => this.points.map((p) => p[i]));
  }

  update() {
    if (!this.plots.rate) return this.redraw();
    this.plots.rate.setData(this.columns(1, 2));
    this.plots.lag.setData(this.columns(4, 5));
  }

  resize() {
    for (const [name, plot] of Object.entries(this.plots)) plot.setSize({ width: this.boxes[name].clientWidth, height });
  }

  /** Draws anew, as after another theme was chosen. */
  redraw() {
    if (this.points.length < 2) return;
    for (const plot of Object.values(this.plots)) plot.destroy();
    for (const box of Object.values(this.boxes)) box.replaceChildren(); // the words that stand there until now
    this.plots = {
      rate: this.plot("rate", this.columns(1, 2), [["read", "accent"], ["written", "good"]], rate),
      lag: this.plot("lag", this.columns(4, 5), [["lag", "warn"], ["in flight", "accent"]], count),
    };
  }

  plot(name, data, lines, text) {
    const axis = { stroke: color("muted"), grid: { stroke: color("line"), width: 1 }, ticks: { show: false }, font: "11px system-ui, sans-serif" };
    return new window.uPlot({
      width: this.boxes[name].clientWidth,
      height,
      cursor: { y: false, drag: { x: false, y: false } },
      legend: { live: false },
      scales: { x: { time: true }, y: { range: (_, least, most) => [0, Math.max(1, most * 1.1)] } },
      axes: [{ ...axis, space: 80, size: 28, values: (_, at) => at.map((t) => hour(t, at)) }, { ...axis, size: 58, space: 32, values: (_, at) => at.map(text) }],
      series: [
        { value: (_, t) => (t ? new Date(t * 1000).toLocaleTimeString("en-GB") : "–") },
        ...lines.map(([label, stroke]) => ({ label, stroke: color(stroke), width: 1.75, fill: color(stroke) + "14", points: { show: false }, value: (_, n) => text(n) })),
      ],
    }, data, this.boxes[name]);
  }
}
