// The strip of a partition: from what is committed to what was read, and a line
// for what is left to read.

import { color, whole } from "./format.js";

/** Offsets that are left to read. */
function leftOf(p) {
  return p.end >= 0 ? Math.max(0, p.end - p.position) : 0;
}

export function drawStrip(canvas, p, worrying) {
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (!width) return;
  const dense = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * dense)) {
    canvas.width = Math.round(width * dense);
    canvas.height = Math.round(height * dense);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(dense, 0, 0, dense, 0, 0);
  pen.clearRect(0, 0, width, height);
  const from = p.committed >= 0 ? p.committed : p.watermark;
  const read = Math.max(0, p.position - from);
  const left = leftOf(p);
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
  if (left > 0) {
    pen.fillRect(width * share, height / 2 - 2, width * (1 - share), 4);
    pen.fillRect(width - 2, 3, 2, height - 6); // the end
  } else if (read === 0) {
    pen.fillRect(0, height / 2 - 1, width, 2);
  }
  bar(from, p.watermark, "done");
  bar(p.watermark, p.position, "open");
  // Narrower than a point, they are as faint as they are few.
  for (const [a, b] of p.finished ?? []) bar(a, b, "hole", 0.2);
  if (p.head) {
    pen.fillStyle = color(worrying ? "bad" : "text");
    pen.fillRect(Math.min(x(p.head.offset), width - 3), 0, worrying ? 4 : 2, height);
  }
}

/** What a strip shows, in words. */
export function words(p) {
  const left = leftOf(p);
  if (p.in_flight === 0 && left === 0 && p.committed === p.watermark) return "All is read, finished and committed.";
  const parts = [`committed ${whole(p.committed)}`, `finished to ${whole(p.watermark)}`, `read to ${whole(p.position)}`, `${whole(p.in_flight)} in flight`];
  if (p.holes) parts.push(`${whole(p.holes)} finished out of order`);
  if (p.head) parts.push(`offset ${whole(p.head.offset)} holds it up`);
  if (left) parts.push(`${whole(left)} left to read`);
  const text = parts.join(", ") + ".";
  return text[0].toUpperCase() + text.slice(1);
}
