"use strict";

// The runs of one scenario with many seeds, compared: how many failed and why, and what failing runs share that
// passing ones lack.
const Compared = (() => {
  /** Returns the comparison as an element; null if no run failed. */
  function of(report, chooser) {
    const { seeds } = report;
    const all = seeds.passed + seeds.failed + seeds.flaky + seeds.broken + seeds.interrupted;
    const failed = seeds.failed + seeds.flaky + seeds.broken;
    if (failed === 0) return null;
    return Dom.html("section", { class: "compared", "aria-label": `Failing runs of ${Words.readable(report.scenario, 60)}` },
      Dom.html("h2", {}, `${Words.readable(report.scenario, 100)}: ${failed} of ${Words.count(all, "run")} failed`),
      reasons(seeds.reasons ?? [], chooser), shared(seeds.contrast, "What failing runs share and passing ones lack"),
      (seeds.reasons ?? []).filter((one) => one.contrast && one.contrast.findings.length > 0)
        .map((one) => shared(one.contrast, `What those that failed by ${failedBy(one)} share`)));
  }

  function reasons(list, chooser) {
    if (list.length === 0) return null;
    const heads = ["runs", "failed by", "reason", "first of them", "again"].map((name) => Dom.html("th", { scope: "col" }, name));
    return Dom.html("div", { class: "scroll" }, Dom.html("table", { class: "reasons-of-seeds" },
      Dom.html("thead", {}, Dom.html("tr", {}, heads)), Dom.html("tbody", {}, list.map((one) => reason(one, chooser(one.seed))))));
  }

  function failedBy(one) {
    if (one.law) return `the law ${Words.readable(one.law, 40).replaceAll("_", " ")}`;
    return one.line ? `line ${one.line}` : "no step";
  }

  function reason(one, open) {
    const seed = `seed ${one.seed}`;
    return Dom.html("tr", {}, Dom.html("td", {}, one.runs), Dom.html("td", { title: one.file ?? "" }, failedBy(one)),
      Dom.html("td", {}, Dom.html("bdi", {}, Words.readable(one.message, 200))),
      Dom.html("td", {}, open ? Dom.html("button", { class: "link", on: { click: open } }, seed) : seed),
      Dom.html("td", {}, Dom.html("code", {}, Words.readable(one.again, 400))));
  }

  /** Returns the comparison of the attempts at one run; null if they all ended alike. */
  function attempts(made) {
    if (!made || !made.contrast) return null;
    return Dom.html("section", { class: "compared", "aria-label": "Attempts" },
      Dom.html("h2", {}, `${made.failed} of ${Words.count(made.passed + made.failed + made.broken + made.interrupted, "attempt")} failed`), shared(made.contrast, "What failing attempts share and passing ones lack"));
  }

  /** Says what failing runs share, each finding with the runs that have it. */
  function shared(contrast, title) {
    if (!contrast) return null;
    const runs = `${contrast.failing} failing and ${Words.count(contrast.passing, "passing run")} compared`;
    if (contrast.findings.length === 0) {
      return Dom.html("p", { class: "note" }, "Nothing tells failing runs from passing ones: no choice, fault, death, answer or message, "
        + `and no order of these (${runs}).`);
    }
    const heads = ["", `of ${contrast.failing} failing`, `of ${contrast.passing} passing`].map((name) => Dom.html("th", { scope: "col" }, name));
    return [
      Dom.html("h2", {}, title, Dom.html("span", { class: "hint" }, runs)),
      Dom.html("div", { class: "scroll" }, Dom.html("table", { class: "shared" }, Dom.html("thead", {}, Dom.html("tr", {}, heads)),
        Dom.html("tbody", {}, contrast.findings.map((one) => finding(one, contrast))))),
    ];
  }

  function finding(one, contrast) {
    const more = one.more > 0 ? `; and ${one.more} more of the same runs` : "";
    const chance = one.may_be_chance
      ? Dom.html("small", { title: "So many features were compared in so few runs that one as telling as this is to be expected by chance. More seeds can tell." }, " may be chance")
      : null;
    return Dom.html("tr", {}, Dom.html("th", { scope: "row" }, Dom.html("bdi", {}, one.features.map((text) => Words.readable(text, 200)).join("; ")), more, chance),
      share("failing", one.failing, contrast.failing), share("passing", one.passing, contrast.passing));
  }

  /** Returns a number of runs with a bar for its share. */
  function share(kind, some, all) {
    const width = all === 0 ? 0 : (60 * some) / all;
    return Dom.html("td", { class: "count" }, Dom.svg("svg", { width: 62, height: 10, class: `share ${kind}`, "aria-hidden": "true" },
      Dom.svg("rect", { x: 0.5, y: 0.5, width: 60, height: 9, class: "all" }), Dom.svg("rect", { x: 0.5, y: 0.5, width, height: 9, class: "some" })), ` ${some}`);
  }

  return { of, attempts };
})();
