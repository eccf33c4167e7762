// How numbers, times and texts look on the page.

/** A count, short enough for a column: 987, 12.3 k, 4.56 M. Unknown (-1) is a dash. */
export function count(n) {
  if (n == null || n < 0) return "–";
  if (n < 10_000) return String(n);
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
  return h < 48 ? h + " h " + (m % 60) + " min" : Math.floor(h / 24) + " days";
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

/** Sets a text only where it changes, so that nothing is drawn anew for nothing. */
export function set(e, text) {
  if (e.textContent !== text) e.textContent = text;
}
