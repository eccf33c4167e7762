// The status, as the server sends it: each second while the page is seen.

const firstWait = 500;
const longestWait = 10_000;
const silence = 5_000;

/**
 * Calls status(s, text) with each status and its JSON, and away(since) while there is none. A
 * server that went away is asked again, ever more slowly.
 */
export function follow({ status, away }) {
  let source = null;
  let wait = firstWait;
  let lost = null;
  let watch = 0;

  function lose() {
    source?.close();
    source = null;
    clearTimeout(watch);
    lost ??= new Date();
    away(lost);
    watch = setTimeout(open, wait);
    wait = Math.min(wait * 2, longestWait);
  }

  function heard() {
    clearTimeout(watch);
    watch = setTimeout(lose, silence);
  }

  function open() {
    clearTimeout(watch);
    source = new EventSource("/api/v1/events");
    heard();
    source.addEventListener("status", (event) => {
      heard();
      wait = firstWait;
      lost = null;
      status(JSON.parse(event.data), event.data);
    });
    source.onerror = lose;
  }

  // A page that nobody sees needs nothing.
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) {
      clearTimeout(watch);
      source?.close();
      source = null;
    } else if (!source) {
      open();
    }
  });
  if (!document.hidden) open();
}
