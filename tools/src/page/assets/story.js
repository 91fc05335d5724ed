"use strict";

// The verdict in a sentence, the scenario with the step at fault, what each node held, the reason, and the command
// that runs it again.
class Story {
  constructor() {
    this.head = Dom.html("div", { class: "verdict" });
    this.left = Dom.html("div", { class: "scenario" });
    this.right = Dom.html("div", { class: "findings" });
    this.element = Dom.html("section", { class: "panel wide story", "aria-label": "Verdict" }, this.head, Dom.html("div", { class: "halves" }, this.left, this.right));
    this.version = -1;
    this.current = null;
  }

  attach(view) {
    this.view = view;
  }

  draw(view) {
    if (this.version !== view.run.version || this.seen !== view.seen) {
      this.version = view.run.version;
      this.seen = view.seen;
      this.build(view);
    }
    this.markCurrent(view);
  }

  build(view) {
    const { run } = view;
    // Of a run whose time the person holds, what lies ahead has not happened yet.
    const isWhole = view.isSeen(run.events.length - 1);
    const report = isWhole ? run.report : null;
    Dom.replace(this.head, this.sentence(run, report, isWhole), this.command(run));
    this.lines = new Map();
    Dom.replace(this.left, this.about(run), this.text(view));
    Dom.replace(this.right, report && report.failure ? this.failure(view, report.failure) : this.passed(view, report));
  }

  sentence(run, report, isWhole) {
    const verdict = (isWhole ? run.verdict : null) ?? "running";
    const sign = { passed: "✓", failed: "✗", broken: "⚠", interrupted: "◼", skipped: "–", running: "▶", flaky: "≈" }[verdict] ?? "•";
    const name = report ? report.scenario : run.plan ? run.plan.scenario : "run";
    const parts = [];
    if (report) {
      parts.push(`${Words.about(report.duration_ms * 1000)}`, Words.count(report.nodes, "node"), Story.world(report.world), `seed ${Words.seed(report)}`);
    } else if (run.plan) {
      parts.push(Story.world(run.plan.world), `seed ${Words.seed(run.plan)}`);
    }
    const reason = report && report.failure ? `: ${report.failure.message}` : report && report.reason ? `: ${report.reason}` : "";
    return Dom.html("h1", { class: verdict },
      Dom.html("span", { class: "sign", "aria-hidden": "true" }, sign), ` ${Words.readable(name, 120)} ${verdict}`, Dom.html("bdi", {}, Words.readable(reason, 400)),
      Dom.html("small", {}, parts.map((part, at) => [at > 0 ? " · " : "", typeof part === "string" ? Words.readable(part, 40) : part])));
  }

  /** Returns the name of a world, with its meaning to be read by those who point at it. */
  static world(name) {
    const meaning = Plainly.world(name);
    return meaning === "" ? `world ${Words.readable(name, 30)}` : Dom.html("abbr", { title: meaning }, `world ${name}`);
  }

  command(run) {
    const text = (run.report && run.report.again) || (run.plan && run.plan.again);
    if (!text) return null;
    const button = Dom.html("button", {
      on: { click: () => Story.copy(text).then((done) => { button.textContent = done ? "copied" : "select and copy"; }) },
    }, "copy");
    return Dom.html("p", { class: "again" }, Dom.html("span", {}, "again: "), Dom.html("code", {}, Words.readable(text, 2000)), button);
  }

  static async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return false;
    }
  }

  about(run) {
    const file = run.report ? run.report.file : run.plan ? run.plan.file : "";
    return Dom.html("h2", {}, Words.readable(file, 200));
  }

  /** Writes the scenario, each line with the steps that ran it. */
  text(view) {
    const { run } = view;
    if (!run.plan) return null;
    const failure = view.isSeen(run.events.length - 1) && run.report && run.report.failure;
    const steps = new Map();
    for (const step of run.steps) {
      if (step.file !== run.plan.file || !view.isSeen(step.fromI)) continue;
      if (!steps.has(step.line)) steps.set(step.line, []);
      steps.get(step.line).push(step);
    }
    const lines = run.plan.text.replace(/\n$/u, "").split("\n");
    const elements = lines.slice(0, Story.LINES).map((line, index) => this.line(view, line, index + 1, steps.get(index + 1), failure));
    if (lines.length > Story.LINES) elements.push(Dom.html("div", { class: "note" }, Words.count(lines.length - Story.LINES, "more line")));
    return Dom.html("div", { class: "code", role: "list", "aria-label": "Scenario" }, elements);
  }

  line(view, text, number, steps, failure) {
    const failed = failure && failure.line === number && failure.file === view.run.plan.file;
    const done = steps && steps.length > 0;
    const sign = failed ? "✗" : done ? (steps.some((step) => step.heldAt !== null && view.isSeen(step.toI ?? step.fromI)) ? "✓" : "·") : "";
    const row = Dom.html("div", { class: `row${failed ? " failed" : ""}${done ? " ran" : ""}`, role: "listitem" },
      Dom.html("span", { class: "number" }, String(number)), Dom.html("span", { class: "sign" }, sign),
      done ? Dom.html("button", { class: "source", on: { click: () => view.chooseStep(steps[steps.length - 1]) } }, Words.readable(text, 500)) : Dom.html("span", { class: "source comment" }, Words.readable(text, 500)),
      done ? Dom.html("span", { class: "when" }, Words.time(steps[0].from)) : null);
    this.lines.set(number, row);
    if (done) row.setAttribute("title", `at ${Words.time(steps[0].from)}`);
    if (!failed) return row;
    const width = Math.max((failure.line_text || text).trim().length, 1);
    const caret = Dom.html("div", { class: "row caret" }, Dom.html("span", { class: "number" }), Dom.html("span", { class: "sign" }),
      Dom.html("span", { class: "source" }, `${" ".repeat(Math.max((failure.column || 1) - 1, 0))}${"^".repeat(Math.min(width, 200))}`));
    // Both stay in sight, whatever line the moment scrolls to.
    return Dom.html("div", { class: "at-fault" }, row, caret);
  }

  markCurrent(view) {
    const at = view.event ?? view.after - 1;
    const step = view.run.steps.findLast((one) => one.fromI <= at && (one.toI === null || one.toI >= at));
    const row = step && step.file === view.run.plan?.file ? this.lines.get(step.line) : null;
    if (row === this.current) return;
    if (this.current) this.current.classList.remove("current");
    this.current = row;
    if (!row) return;
    row.classList.add("current");
    const box = row.closest(".code");
    if (box) box.scrollTop = Math.max(row.offsetTop - box.offsetTop - box.clientHeight / 2, 0);
  }

  failure(view, failure) {
    const { run } = view;
    const reasons = Reason.explain(run);
    const plainly = failure.line_text ? Plainly.expectation(failure.line_text) : null;
    return [
      Dom.html("h2", {}, "What was expected"),
      Dom.html("p", {}, Dom.html("bdi", {}, Words.readable(failure.message, 1000)), `, at ${Words.time(failure.when_ms * 1000)} `,
        Dom.html("button", { class: "link", on: { click: () => { view.chooseTime(run.failedAt ?? run.end); Dom.reveal("Timeline"); } } }, "show this moment")),
      plainly ? Dom.html("p", { class: "note plainly" }, Dom.html("bdi", {}, Words.readable(plainly, 400))) : null,
      failure.findings.length > 0 ? this.findings(view, failure.findings) : null,
      failure.differences.length > 0 ? Dom.html("ul", {}, failure.differences.slice(0, 20).map((one) => Dom.html("li", {}, Dom.html("bdi", {}, Words.readable(one, 500))))) : null,
      reasons.length > 0 ? [Dom.html("h2", {}, "Why they differ"), Dom.html("ul", { class: "reasons" }, reasons.map((one) => this.reason(view, one)))] : null,
      Compared.attempts(run.report.attempts),
      failure.help ? Dom.html("p", { class: "help" }, `help: ${Words.readable(failure.help, 500)}`) : null,
    ];
  }

  findings(view, findings) {
    const wrong = findings.filter((one) => !one.fits);
    const right = findings.filter((one) => one.fits);
    const rows = [...wrong, ...right].slice(0, 40).map((one) => Dom.html("tr", { class: one.fits ? "" : "differs" },
      Dom.html("th", { scope: "row" }, one.fits ? "✓ " : "✗ ", Words.readable(one.node, 60)), Dom.html("td", {}, Words.readable(one.held, 200)),
      Dom.html("td", {}, one.since_ms === null ? "" : `since ${Words.time(one.since_ms * 1000)}`)));
    const more = findings.length - rows.length;
    return Dom.html("table", { class: "held" }, Dom.html("caption", {}, "What each node held"),
      Dom.html("tbody", {}, rows, more > 0 ? Dom.html("tr", {}, Dom.html("td", { colspan: "3" }, `and ${Words.count(more, "more node")}`)) : null));
  }

  reason(view, one) {
    const show = one.event === undefined || one.event === null ? null : Dom.html("button", {
      class: "link", on: { click: () => { if (one.key !== undefined) view.chooseKey(one.key); view.chooseEvent(one.event, Boolean(one.lost)); Dom.reveal("Messages between nodes"); } },
    }, "show");
    return Dom.html("li", { class: `${one.sub ? "sub" : ""}${one.lost ? " lost" : ""}` }, one.lost ? "✗ " : "", Dom.html("bdi", {}, one.text), " ", show);
  }

  passed(view, report) {
    const { run } = view;
    const laws = (report || !view.isHeld() ? run.laws : []).map((law) => `${law.state === "held" ? "✓" : law.state === "broken" ? "✗" : "–"} ${law.law.replaceAll("_", " ")}: ${law.state.replaceAll("_", " ")}`);
    return [
      report && report.about ? Dom.html("p", {}, Words.readable(report.about, 1000)) : null,
      report ? Dom.html("p", {}, run.operations.length > 0 ? `${Words.count(run.operations.length, "operation")} of clients were judged.` : `${Words.count(report.held, "expectation")} held.`) : null,
      laws.length > 0 ? [Dom.html("h2", {}, "Laws"), Dom.html("ul", {}, laws.map((law) => Dom.html("li", {}, Words.readable(law, 100))))] : null,
      report && report.notes.length > 0 ? Dom.html("ul", {}, report.notes.map((note) => Dom.html("li", {}, Words.readable(note, 500)))) : null,
    ];
  }
}

Story.LINES = 600;
