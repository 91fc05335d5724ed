"use strict";

// The table of runs, failures first, where a page has several.
class Overview {
  constructor(runs, choose) {
    this.runs = runs;
    this.choose = choose;
    this.element = Dom.html("section", { class: "panel wide overview", "aria-label": "Runs" });
    this.build();
  }

  static order(entry) {
    return ["failed", "broken", "flaky", "interrupted", "passed", "skipped"].indexOf(entry.verdict);
  }

  build() {
    const rows = this.runs.map((run, index) => ({ ...run, index }));
    rows.sort((one, other) => Overview.order(one.report) - Overview.order(other.report) || one.index - other.index);
    const counts = new Map();
    for (const row of rows) counts.set(row.report.verdict, (counts.get(row.report.verdict) ?? 0) + 1);
    const told = [...counts].map(([verdict, number]) => `${number} ${verdict}`).join(", ");
    this.rows = new Map();
    const body = rows.map((row) => this.row(row));
    const heads = ["verdict", "scenario", "world", "seed", "time", "nodes", "reason"].map((name) => Dom.html("th", { scope: "col" }, name));
    Dom.replace(this.element, Dom.html("h2", {}, `${Words.count(rows.length, "run")}: ${told}`),
      Dom.html("div", { class: "scroll runs" }, Dom.html("table", {}, Dom.html("thead", {}, Dom.html("tr", {}, heads)), Dom.html("tbody", {}, body))),
      this.runs.filter((run) => run.report.seeds).map((run) => Compared.of(run.report, (seed) => this.chooser(run.report, seed))));
  }

  /** Returns the function that opens the run of a seed, or null if the page has not its events. */
  chooser(report, seed) {
    const index = this.runs.findIndex((run) => run.events && !run.report.seeds
      && run.report.scenario === report.scenario && run.report.file === report.file && run.report.seed === seed);
    return index < 0 ? null : () => this.choose(index);
  }

  row({ report, index, events, left_out: leftOut }) {
    const sign = { passed: "✓", failed: "✗", broken: "⚠", interrupted: "◼", skipped: "–", flaky: "≈" }[report.verdict] ?? "";
    const name = Words.readable(report.scenario, 100);
    const open = events ? Dom.html("button", { class: "link", on: { click: () => this.choose(index) } }, name) : name;
    const reason = report.failure ? report.failure.message : report.reason ?? leftOut ?? "";
    const seed = report.seeds ? `${report.seeds.first}..${report.seeds.last}` : String(report.seed);
    const element = Dom.html("tr", { class: report.verdict },
      Dom.html("td", {}, `${sign} ${report.verdict}`), Dom.html("th", { scope: "row" }, open), Dom.html("td", {}, report.world),
      Dom.html("td", {}, seed), Dom.html("td", {}, Words.about(report.duration_ms * 1000)), Dom.html("td", {}, report.nodes),
      Dom.html("td", {}, Dom.html("bdi", {}, Words.readable(reason, 200))));
    this.rows.set(index, element);
    return element;
  }

  mark(chosen) {
    for (const [index, row] of this.rows) row.classList.toggle("chosen", index === chosen);
  }

  /** Returns the run to open first: the first that failed and has events, else the first with events. */
  first() {
    const open = this.runs.map((run, index) => ({ ...run, index })).filter((run) => run.events);
    open.sort((one, other) => Overview.order(one.report) - Overview.order(other.report) || one.index - other.index);
    return open.length > 0 ? open[0].index : null;
  }
}
