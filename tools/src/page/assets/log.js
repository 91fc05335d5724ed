"use strict";

// The logs of all nodes merged by time, a lane each, to be filtered by level, node and words. A line chooses its
// moment, and the moment shows its lines.
class Log {
  constructor() {
    this.words = Dom.html("input", { type: "search", placeholder: "words", "aria-label": "Show lines with these words", class: "words" });
    this.level = Dom.html("select", { "aria-label": "Least level" }, ["all", "INFO", "WARN", "ERROR"].map((level) => Dom.html("option", {}, level)));
    this.count = Dom.html("span", { class: "hint" });
    this.body = Dom.html("div", { class: "scroll log", tabindex: "0", "aria-label": "Lines of logs" });
    this.element = Dom.html("section", { class: "panel wide", "aria-label": "Logs" },
      Dom.html("h2", {}, "Logs", this.count), Dom.html("div", { class: "filters" }, this.level, this.words), this.body);
  }

  attach(view) {
    this.view = view;
    for (const control of [this.words, this.level]) control.addEventListener("input", () => view.redraw());
  }

  passes(line) {
    const least = ["all", "INFO", "WARN", "ERROR"].indexOf(this.level.value);
    const level = line.level === "ERROR" ? 3 : line.level === "WARN" ? 2 : line.level === "INFO" ? 1 : 0;
    if (level < least) return false;
    if (this.view.node !== null && line.node !== this.view.node) return false;
    const words = this.words.value.trim().toLowerCase();
    return words === "" || words.split(/\s+/u).every((word) => line.text.toLowerCase().includes(word));
  }

  draw(view) {
    const { run } = view;
    const lines = run.sortedLogs().filter((line) => this.passes(line));
    let middle = lines.findIndex((line) => line.when > view.time);
    if (middle < 0) middle = lines.length;
    const from = Math.max(middle - Log.LINES / 2, 0);
    const shown = lines.slice(from, from + Log.LINES);
    const elements = shown.map((line) => this.line(view, line));
    const now = Dom.html("div", { class: "now", "aria-label": "The chosen moment" }, `▸ ${Words.time(view.time)}`);
    elements.splice(Math.min(middle - from, elements.length), 0, now);
    if (from > 0) elements.unshift(Dom.html("div", { class: "note" }, `${Words.count(from, "earlier line")}`));
    const after = lines.length - from - shown.length;
    if (after > 0) elements.push(Dom.html("div", { class: "note" }, `${Words.count(after, "later line")}`));
    Dom.replace(this.body, elements);
    this.body.scrollTop = Math.max(now.offsetTop - this.body.offsetTop - this.body.clientHeight / 2, 0);
    this.count.textContent = this.counted(run, lines.length);
    this.body.hidden = run.logs.length === 0;
  }

  counted(run, passing) {
    const left = [...run.logsLeftOut.values()].reduce((sum, one) => sum + one, 0);
    const chosen = this.view.node === null ? "" : ` of ${run.name(this.view.node)}`;
    if (run.logs.length === 0) return "no lines in this file; the folder of logs has them";
    return `${passing} of ${Words.count(run.logs.length, "line")}${chosen}${left > 0 ? `, ${left} more in the folder of logs` : ""}`;
  }

  line(view, line) {
    const { run } = view;
    const name = typeof line.node === "number" ? run.name(line.node) : Words.readable(line.node ?? "", 20);
    const lane = run.nodes.length <= 16 && typeof line.node === "number" ? line.node : 0;
    const level = ["INFO", "WARN", "ERROR", "DEBUG", "TRACE"].includes(line.level) ? line.level : "";
    return Dom.html("div", {
      class: `line ${level.toLowerCase()}`, on: { click: () => { if (line.at !== null) view.chooseTime(line.at); } },
    },
    Dom.html("span", { class: "when" }, line.at === null ? "" : Words.time(line.at)),
    Dom.html("span", { class: "who", style: { "margin-left": `${lane * 0.7}em` } }, name),
    Dom.html("span", { class: "level" }, level),
    Dom.html("bdi", { class: "text" }, Words.readable(line.text, 2000)));
  }
}

Log.LINES = 240;
