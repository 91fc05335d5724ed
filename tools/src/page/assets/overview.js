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
    return Overview.VERDICTS.indexOf(entry.verdict);
  }

  build() {
    const rows = this.runs.map((run, index) => ({ ...run, index }));
    rows.sort((one, other) => Overview.order(one.report) - Overview.order(other.report) || one.index - other.index);
    const counts = this.counts();
    const all = [...counts.values()].reduce((sum, number) => sum + number, 0);
    const told = [...counts].map(([verdict, number]) => `${number} ${verdict}`).join(", ");
    this.rows = new Map();
    const body = rows.map((row) => this.row(row));
    const heads = ["verdict", "scenario", "world", "seed", "time", "nodes", "reason", "again"].map((name) => Dom.html("th", { scope: "col" }, name));
    Dom.replace(this.element, Dom.html("h2", {}, `${Words.count(all, "run")}: ${told}`),
      Dom.html("div", { class: "scroll runs" }, Dom.html("table", {}, Dom.html("thead", {}, Dom.html("tr", {}, heads)), Dom.html("tbody", {}, body))),
      this.runs.filter((run) => run.report.seeds).map((run) => Compared.of(run.report, (seed) => this.chooser(run.report, seed))));
  }

  /** Returns the number of runs by verdict. An entry of many seeds counts for all of them, and its failing runs no more. */
  counts() {
    const reports = this.runs.map((run) => run.report);
    const sweeps = reports.filter((report) => report.seeds);
    const counts = new Map();
    const add = (verdict, number) => { if (number > 0) counts.set(verdict, (counts.get(verdict) ?? 0) + number); };
    for (const { seeds } of sweeps) for (const verdict of Overview.VERDICTS) add(verdict, seeds[verdict] ?? 0);
    for (const report of reports) {
      const isOfSweep = sweeps.some((sweep) => sweep.scenario === report.scenario && sweep.file === report.file
        && report.seed >= sweep.seeds.first && report.seed <= sweep.seeds.last);
      if (!isOfSweep) add(report.verdict, 1);
    }
    return counts;
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
    const seed = report.seeds ? `${report.seeds.first}..${report.seeds.last}` : Words.seed(report);
    const element = Dom.html("tr", { class: report.verdict },
      Dom.html("td", {}, `${sign} ${report.verdict}`), Dom.html("th", { scope: "row" }, open), Dom.html("td", {}, report.world),
      Dom.html("td", {}, seed), Dom.html("td", {}, Words.about(report.duration_ms * 1000)), Dom.html("td", {}, report.nodes),
      Dom.html("td", { class: "words" }, Dom.html("bdi", {}, Words.readable(reason, 200))),
      Dom.html("td", { class: "words" }, report.verdict === "passed" || report.verdict === "skipped" ? "" : Dom.html("code", {}, Words.readable(report.again ?? "", 400))));
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

Overview.VERDICTS = ["failed", "broken", "flaky", "interrupted", "passed", "skipped"];
