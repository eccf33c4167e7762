// How numbers, times and texts look on the page.

/** A count, short enough for a column: 987, 6,543, 12.3 k, 4.56 M. Unknown (-1) is a dash. */
export function count(n) {
  if (n == null || n < 0) return "–";
  if (n < 10_000) return whole(n);
  if (n < 1e6) return (n / 1e3).toFixed(1) + " k";
  if (n < 1e9) return (n / 1e6).toFixed(2) + " M";
  return (n / 1e9).toFixed(2) + " G";
}

/** All digits, in groups: what an offset wants. */
export function whole(n) {
  return n == null || n < 0 ? "–" : n.toLocaleString("en-US");
}

/** A rate per second. */
export function rate(n) {
  if (!n) return "0";
  return n < 10 ? n.toFixed(1) : count(Math.round(n));
}

/** A number of seconds as people say it. */
export function seconds(s) {
  if (!s || s < 0) return "–";
  if (s < 1e-3) return (s * 1e6).toFixed(1) + " µs";
  if (s < 1) return (s * 1e3).toFixed(1) + " ms";
  if (s < 60) return s.toFixed(1) + " s";
  const m = Math.floor(s / 60);
  if (m < 60) return m + " min " + Math.floor(s % 60) + " s";
  const h = Math.floor(m / 60);
  return h < 48 ? h + " h " + (m % 60) + " min" : Math.floor(h / 24) + " days " + (h % 24) + " h";
}

/** A number of bytes. */
export function bytes(n) {
  if (n < 1 << 20) return Math.round(n / 1024) + " KiB";
  return n < 1 << 30 ? Math.round(n / (1 << 20)) + " MiB" : (n / (1 << 30)).toFixed(1) + " GiB";
}

/** The clock's time of an RFC 3339 text, in the reader's zone. */
export function clock(text) {
  return new Date(text).toLocaleTimeString("en-GB");
}

/** Seconds between two RFC 3339 texts. */
export function between(from, to) {
  return (new Date(to) - new Date(from)) / 1000;
}

/** An element with a class, texts and other elements in it. */
export function element(name, className, ...children) {
  const e = document.createElement(name);
  if (className) e.className = className;
  e.append(...children.filter((c) => c != null));
  return e;
}

/**
 * Parses JSON and keeps the text of numbers that JavaScript would write in
 * another way (1.10, 9007199254740993): JSON.stringify gives it back as it came.
 * Browsers that cannot do so round.
 */
export function exact(text) {
  if (!JSON.rawJSON) return JSON.parse(text);
  return JSON.parse(text, (_, value, { source }) => (typeof value === "number" && source !== String(value) ? JSON.rawJSON(source) : value));
}

/** A colour of the style sheet, as it is in this theme. */
export function color(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

/** Sets a text only where it changes, so that nothing is drawn anew for nothing. */
export function set(e, text) {
  if (e.textContent !== text) e.textContent = text;
}
