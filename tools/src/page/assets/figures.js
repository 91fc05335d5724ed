"use strict";

// Figures of the run: those of `measure`, latencies as distributions, counts of messages.
class Figures {
  constructor() {
    this.body = Dom.html("div", { class: "figures" });
    this.element = Dom.html("section", { class: "panel", "aria-label": "Figures" }, Dom.html("h2", {}, "Figures"), this.body);
    this.version = -1;
  }

  attach(view) {
    this.view = view;
  }

  draw(view) {
    if (this.version === view.run.version) return;
    this.version = view.run.version;
    const { run } = view;
    Dom.replace(this.body, this.measures(run), this.latencies(run), this.messages(run), this.leftOut(run));
  }

  measures(run) {
    return run.measures.map((measure) => Dom.html("table", {},
      Dom.html("caption", {}, Words.readable(measure.name, 60)),
      Dom.html("tbody", {}, Object.entries(measure.figures).map(([name, figure]) => Dom.html("tr", {},
        Dom.html("th", { scope: "row" }, Words.readable(name, 40)), Dom.html("td", {}, String(Number(figure.toPrecision(6)))))))));
  }

  latencies(run) {
    const groups = new Map();
    for (const op of run.ops.values()) {
      if (op.event !== "ask" || !op.ended || op.ended.event === "unasked") continue;
      const name = `${Words.readable(op.words[0], 20)}: question to answer`;
      if (!groups.has(name)) groups.set(name, []);
      groups.get(name).push(op.ended.at - op.at);
    }
    const flights = [...run.messages.values()].filter((one) => one.arrived).map((one) => one.arrived.at - one.at);
    if (flights.length > 0) groups.set("message: sending to arrival", flights);
    return [...groups].map(([name, spans]) => this.histogram(name, spans));
  }

  histogram(name, spans) {
    const sorted = [...spans].sort((one, other) => one - other);
    const at = (share) => sorted[Math.min(Math.floor(share * sorted.length), sorted.length - 1)];
    // A bucket spans a third of a doubling, as latencies are judged by their order of size.
    const bucket = (span) => Math.floor(Math.log2(span + 1) * 3);
    const [first, last] = [bucket(sorted[0]), bucket(sorted[sorted.length - 1])];
    const counts = new Array(last - first + 1).fill(0);
    for (const span of sorted) counts[bucket(span) - first] += 1;
    const most = Math.max(...counts);
    const width = Math.min(24, 320 / counts.length);
    const told = `${Words.count(sorted.length, "time")}, median ${Words.about(at(0.5))}, 95 % ${Words.about(at(0.95))}, longest ${Words.about(at(1))}`;
    const wide = Math.max(counts.length * width, 120);
    return Dom.html("figure", {},
      Dom.html("figcaption", {}, Dom.html("b", {}, name), ` ${told}`),
      Dom.svg("svg", { width: Figures.LEFT + wide + 30, height: 62, role: "img", "aria-label": `${name}: ${told}` },
        counts.map((count, index) => Dom.svg("rect", {
          x: Figures.LEFT + index * width, width: Math.max(width - 1, 1), y: 44 - (38 * count) / most, height: Math.max((38 * count) / most, count > 0 ? 1 : 0), class: "bar",
        }, Dom.svg("title", {}, `${count} of about ${Words.about(2 ** ((index + first) / 3))}`))),
        this.axes(counts, first, width, wide, most)));
  }

  /** Draws the axes of a histogram: the most in a bucket at the left, and times below. */
  axes(counts, first, width, wide, most) {
    const line = (x1, y1, x2, y2) => Dom.svg("line", { x1, y1, x2, y2, class: "axis" });
    const text = (x, y, anchor, words) => Dom.svg("text", { x, y, "text-anchor": anchor, class: "small" }, words);
    const parts = [
      line(Figures.LEFT - 0.5, 4, Figures.LEFT - 0.5, 44.5), line(Figures.LEFT - 0.5, 44.5, Figures.LEFT + wide, 44.5),
      text(Figures.LEFT - 4, 13, "end", String(most)), text(Figures.LEFT - 4, 45, "end", "0"),
    ];
    // As many ticks as have room for their times, each at the begin of a bucket.
    const every = Math.max(Math.ceil(66 / width), 1);
    for (let index = 0; index < counts.length; index += every) {
      const x = Figures.LEFT + index * width;
      parts.push(line(x, 44, x, 48), text(x, 58, index === 0 ? "start" : "middle", Words.about(Math.max(2 ** ((index + first) / 3) - 1, 0))));
    }
    return parts;
  }

  messages(run) {
    const counts = new Map();
    for (const message of run.messages.values()) {
      // The harness knows no purpose of foreign messages, but their own type.
      const known = Arrow.classOf(message);
      const own = known === "other" ? Words.readable(message.kind, 40) : Arrow.KINDS[known].label;
      const kind = counts.has(own) || counts.size < Figures.KINDS ? own : "other kinds";
      const row = counts.get(kind) ?? { sent: 0, lost: 0, bytes: 0 };
      row.sent += 1;
      row.lost += message.lost ? 1 : 0;
      row.bytes += message.bytes ?? 0;
      counts.set(kind, row);
    }
    if (counts.size === 0) return null;
    const head = ["messages", "sent", "lost", "bytes"].map((name) => Dom.html("th", { scope: "col" }, name));
    return Dom.html("table", {}, Dom.html("thead", {}, Dom.html("tr", {}, head)),
      Dom.html("tbody", {}, [...counts].map(([kind, row]) => Dom.html("tr", {},
        Dom.html("th", { scope: "row" }, kind), Dom.html("td", {}, row.sent), Dom.html("td", {}, row.lost), Dom.html("td", {}, row.bytes)))));
  }

  leftOut(run) {
    const left = run.summary && run.summary.left_out ? Object.entries(run.summary.left_out) : [];
    if (left.length === 0) return null;
    return Dom.html("p", { class: "note" }, `This page leaves out ${left.map(([event, number]) => `${number} × ${Words.readable(event, 20)}`).join(", ")}; run.jsonl has all.`);
  }
}

// The room for counts at the left of a histogram.
Figures.LEFT = 34;
Figures.KINDS = 16;
