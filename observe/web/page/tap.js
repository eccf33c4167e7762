// Records on their way through a node: a live sample.

import { clock, element, exact, seconds, set } from "./format.js";

const kept = 200;

export class Tap {
  constructor(dialog) {
    this.dialog = dialog;
    this.part = (id) => dialog.querySelector("#tap-" + id);
    this.list = this.part("records");
    this.part("form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.listen();
    });
    this.part("pause").addEventListener("click", () => this.pause(!this.paused));
    this.part("copy").addEventListener("click", () => this.copy());
    // It is told late: it may be open again, for another node.
    dialog.addEventListener("close", () => dialog.open || this.source?.close());
  }

  open(name) {
    this.name = name;
    set(this.part("title"), name);
    this.show(this.status);
    if (!this.dialog.open) this.dialog.showModal();
    this.listen();
  }

  /** What the node does, from the status. */
  show(s) {
    this.status = s;
    const n = s?.nodes.find((node) => node.name === this.name);
    if (n) set(this.part("meta"), [n.kind, n.detail, n.where, n.seconds ? seconds(n.seconds) + " per record" : "", n.errors].filter(Boolean).join(" · "));
  }

  listen() {
    this.source?.close();
    this.samples = [];
    this.list.replaceChildren();
    this.pause(false);
    const query = new URLSearchParams({ node: this.name, filter: this.part("filter").value.trim() });
    const source = new EventSource("/api/v1/tap?" + query);
    this.source = source;
    this.say("Asking for records.");
    source.addEventListener("open", () => this.say("Listening. A busy node shows a sample; the pipeline never waits for this page."));
    source.addEventListener("sample", (event) => this.take(exact(event.data)));
    source.addEventListener("refused", (event) => {
      source.close();
      this.say(JSON.parse(event.data).error);
    });
    source.addEventListener("end", () => {
      source.close();
      this.say("The pipeline has ended.");
    });
    source.onerror = () => this.say("No answer from the pipeline; it is asked again.");
  }

  say(text) {
    set(this.part("state"), text);
  }

  pause(paused) {
    this.paused = paused;
    const button = this.part("pause");
    button.setAttribute("aria-pressed", String(paused));
    set(button, paused ? "Go on" : "Pause");
  }

  take(sample) {
    if (this.paused) return;
    this.samples.unshift(sample);
    const head = [clock(sample.at), sample.emit_id ?? "", sample.key != null ? `key ${sample.key}` : "", sample.batch ? `batch of ${sample.batch}` : "", sample.error ?? ""].filter(Boolean).join("  ");
    this.list.prepend(element("li", "", element("p", "hint", head), element("pre", "", typeof sample.value === "string" && sample.truncated ? sample.value + "…" : JSON.stringify(sample.value))));
    while (this.samples.length > kept) {
      this.samples.pop();
      this.list.lastElementChild.remove();
    }
  }

  async copy() {
    const lines = this.samples.map((s) => JSON.stringify(s)).join("\n");
    try {
      await navigator.clipboard.writeText(lines);
      this.say(`${this.samples.length} records copied, a JSON object per line.`);
    } catch {
      this.say("The browser does not let this page copy.");
    }
  }
}
