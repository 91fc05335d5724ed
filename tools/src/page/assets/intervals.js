"use strict";

// The history of a workload as intervals: a lane for each client, and a bar for each of its operations from begin
// to end. Of a violation it shows the longest order that works, as a line from bar to bar, and what does not fit.
class Intervals {
  constructor() {
    this.showsWindow = true;
    this.svg = Dom.svg("svg", { class: "history", tabindex: "0", role: "listbox", "aria-label": "Operations of clients" });
    this.tip = Dom.html("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.choice = Dom.html("select", { "aria-label": "Operations that are shown", on: { change: () => this.choose(Number(this.choice.value)) } });
    this.near = Dom.html("button", { on: { click: () => this.zoomIn() } }, "zoom to it");
    this.said = Dom.html("p", { class: "problem" });
    this.note = Dom.html("p", { class: "note" });
    this.current = Dom.html("p", { class: "note operation", role: "status" });
    this.element = Dom.html("section", { class: "panel wide", "aria-label": "History", hidden: true },
      Dom.html("h2", {}, "History", Dom.html("span", { class: "hint" }, "a lane for each client, a bar for each operation · wheel: zoom · ← → operations, ↑ ↓ marked ones · Enter: its end")),
      Dom.html("div", { class: "filters" }, Dom.html("label", {}, "show ", this.choice), this.near), this.said,
      Dom.html("div", { class: "holds-tip scroll lanes" }, this.svg, this.tip), this.current, this.note, Intervals.legend());
    this.problem = null;
    this.active = null;
    this.known = -1;
    this.bars = new Map();
  }

  static legend() {
    const item = (outcome, marks, words) => Dom.html("span", { class: "item" },
      Dom.svg("svg", { class: "history", width: "30", height: "16", viewBox: "0 0 30 16", "aria-hidden": "true" }, Dom.svg("g", { class: [outcome, ...marks].join(" ") }, Intervals.shape({ outcome }, 2, 20, 1, marks))), words);
    return Dom.html("div", { class: "legend" }, item("ok", [], "happened"), item("failed", [], "did not happen"), item("unknown", [], "may have happened"),
      item("ok", ["named"], "shows the problem"), item("ok", ["misfit"], "does not fit"),
      Dom.html("span", { class: "item" }, Dom.svg("svg", { class: "history", width: "30", height: "16", viewBox: "0 0 30 16", "aria-hidden": "true" },
        Dom.svg("path", { class: "order", d: "M2 12L15 4L28 10" })), "an order of the others that works"));
  }

  attach(view) {
    this.view = view;
    this.svg.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.pan((event.deltaX || event.deltaY) / 800);
      else view.zoom(Math.exp(Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY), 120) / 400), this.timeAt(event));
    }, { passive: false });
    this.svg.addEventListener("keydown", (event) => this.press(event));
    this.svg.addEventListener("pointermove", (event) => this.point(event));
    this.svg.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    this.svg.addEventListener("click", (event) => {
      const operation = this.operationOf(event.target);
      if (operation) this.activate(operation);
      else view.chooseTime(Math.round(this.timeAt(event)));
    });
  }

  timeAt(event) {
    const { from, to } = this.view;
    const x = event.clientX - this.svg.getBoundingClientRect().left;
    return from + ((x - this.left) / this.plot) * (to - from);
  }

  operationOf(target) {
    const bar = target.closest("[data-number]");
    return bar ? this.bars.get(Number(bar.dataset.number)) : undefined;
  }

  point(event) {
    const operation = this.operationOf(event.target);
    this.tip.hidden = !operation;
    if (!operation) return;
    const box = this.svg.getBoundingClientRect();
    this.tip.textContent = Operations.words(this.view.run, operation);
    this.tip.style.setProperty("left", `${Math.max(Math.min(event.clientX - box.left + 12, box.width - 270), 0)}px`);
    this.tip.style.setProperty("top", `${event.clientY - box.top + 14}px`);
  }

  /** Chooses a problem by its place, or all operations with -1. */
  choose(place) {
    this.problem = place;
    this.active = null;
    this.view.redraw();
  }

  /** Shows the part of time around the operations that matter for the problem. */
  zoomIn() {
    const span = Operations.span(this.view.run, this.view.run.problems[this.problem]);
    if (!span) return;
    const room = Math.max((span[1] - span[0]) * 0.15, 1000);
    this.view.window(span[0] - room, span[1] + room);
  }

  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const moves = { ArrowLeft: [-1, false], ArrowRight: [1, false], ArrowUp: [-1, true], ArrowDown: [1, true] };
    const move = moves[event.key];
    if (!move && (event.key !== "Enter" || !this.active)) return;
    // The page moves the moment by the same keys.
    event.preventDefault();
    event.stopPropagation();
    if (move) this.step(...move);
    else this.view.chooseTime(this.active.at);
  }

  step(by, marked) {
    const some = marked ? this.shown.filter((one) => this.marks(one).length > 0) : this.shown;
    if (some.length === 0) return;
    const at = some.indexOf(this.active);
    const start = by > 0 ? 0 : some.length - 1;
    this.activate(some[at < 0 ? start : Math.min(Math.max(at + by, 0), some.length - 1)]);
  }

  activate(operation) {
    this.active = operation;
    const { view } = this;
    if (operation.at < view.from || operation.begin_us > view.to) {
      const half = (view.to - view.from) / 2;
      view.window(operation.at - half, operation.at + half);
    }
    view.redraw();
  }

  draw(view) {
    const { run } = view;
    this.element.hidden = run.operations.length === 0;
    if (this.element.hidden) return;
    if (this.known !== run.problems.length) this.listProblems(run);
    const problem = run.problems[this.problem] ?? null;
    this.evidence = Operations.evidence(run, problem);
    this.shown = problem ? run.operations.filter((one) => this.evidence.all.has(one.number)) : run.operations.slice();
    this.shown.sort((one, other) => one.begin_us - other.begin_us || one.number - other.number);
    this.say(run, problem);
    this.measure(view);
    this.drawLanes(view, problem);
  }

  listProblems(run) {
    this.known = run.problems.length;
    const names = run.problems.map((one, at) => Dom.html("option", { value: String(at) }, `problem ${at + 1}: ${Words.readable(one.kind, 40).replaceAll("_", " ")}`));
    Dom.replace(this.choice, Dom.html("option", { value: "-1" }, "all operations"), names);
    this.problem = run.problems.length > 0 ? 0 : -1;
    this.choice.value = String(this.problem);
  }

  measure(view) {
    this.width = Math.max(this.svg.parentElement.clientWidth, 200);
    // The timeline above has the same scale.
    this.left = view.left;
    this.plot = this.width - this.left - View.RIGHT;
  }

  x(time) {
    const { from, to } = this.view;
    const x = this.left + ((time - from) / (to - from)) * this.plot;
    return Math.min(Math.max(x, this.left - 2), this.left + this.plot + 2);
  }

  drawLanes(view, problem) {
    const within = this.shown.filter((one) => one.at >= view.from && one.begin_us <= view.to);
    const lanes = this.lanes(within);
    const bars = within.filter((one) => lanes.has(one.client));
    // Marked operations are drawn wherever there is no room for all.
    bars.sort((one, other) => this.marks(other).length - this.marks(one).length);
    const drawn = bars.slice(0, Intervals.BARS);
    this.bars = new Map(drawn.map((one) => [one.number, one]));
    const height = lanes.size * Intervals.LANE + 8;
    for (const [name, value] of [["width", this.width], ["height", height], ["viewBox", `0 0 ${this.width} ${height}`]]) this.svg.setAttribute(name, value);
    const rows = [...lanes].map(([client, at]) => this.lane(view, client, at));
    const now = this.x(view.time);
    const moment = view.time >= view.from && view.time <= view.to && Dom.svg("line", { class: "now", x1: now, x2: now, y1: 0, y2: height });
    Dom.replace(this.svg, rows, drawn.map((one) => this.bar(view, one, lanes.get(one.client))), this.order(view, lanes), moment);
    this.svg.setAttribute("aria-activedescendant", this.active ? `operation-${this.active.number}` : "");
    this.current.textContent = this.active ? Operations.words(view.run, this.active) : "";
    this.remark(view, within, lanes, drawn, problem);
  }

  /** Returns the lanes by client: of many, those with marked operations and then the first. */
  lanes(within) {
    const clients = new Map();
    for (const one of within) clients.set(one.client, Math.max(clients.get(one.client) ?? 0, this.marks(one).length));
    const some = [...clients].sort((one, other) => other[1] - one[1] || one[0] - other[0]).slice(0, Intervals.LANES);
    this.clients = clients.size;
    return new Map(some.map(([client]) => client).sort((one, other) => one - other).map((client, at) => [client, at]));
  }

  lane(view, client, at) {
    const y = 4 + at * Intervals.LANE;
    return [
      Dom.svg("line", { class: "lane", x1: this.left, x2: this.left + this.plot, y1: y + Intervals.LANE / 2, y2: y + Intervals.LANE / 2 }),
      Dom.svg("text", { x: 4, y: y + Intervals.LANE / 2 + 4 }, `client ${client}`),
    ];
  }

  /** Returns the marks of an operation: it shows the problem, or does not fit in the order. */
  marks(one) {
    const marks = [];
    if (this.evidence.misfits.has(one.number)) marks.push("misfit");
    if (this.evidence.named.has(one.number)) marks.push("named");
    return marks;
  }

  bar(view, one, lane) {
    const x = this.x(one.begin_us);
    const width = Math.max(this.x(one.at) - x, 3);
    const y = 4 + lane * Intervals.LANE + 3;
    const marks = this.marks(one);
    const group = Dom.svg("g", {
      class: `bar ${one.outcome} ${marks.join(" ")}${one === this.active ? " active" : ""}`, id: `operation-${one.number}`, "data-number": one.number,
      role: "option", "aria-selected": one === this.active ? "true" : "false", "aria-label": `${Operations.words(view.run, one)}${marks.includes("misfit") ? "; does not fit" : ""}`,
    }, Intervals.shape(one, x, width, y, marks));
    const room = Math.floor((width - (marks.includes("misfit") ? 16 : 6)) / 6.2);
    if (room >= 3) group.append(Dom.svg("text", { x: x + (marks.includes("misfit") ? 14 : 4), y: y + 11 }, Words.readable(Operations.short(one), room)));
    return group;
  }

  /** Returns the shape of a bar: full if the operation happened, hollow and struck out if not, open if unknown. */
  static shape(one, x, width, y, marks) {
    const parts = [];
    if (one.outcome === "unknown") parts.push(Dom.svg("path", { class: "box", d: `M${x + width} ${y}H${x}V${y + 14}H${x + width}` }), Dom.svg("path", { class: "tail", d: `M${x + width} ${y + 7}h6m-3 -3l3 3l-3 3` }));
    else parts.push(Dom.svg("rect", { class: "box", x, y, width, height: 14, rx: 2 }));
    if (one.outcome === "failed") parts.push(Dom.svg("path", { class: "strike", d: `M${x} ${y + 14}L${x + width} ${y}` }));
    if (marks.includes("misfit")) parts.push(Dom.svg("path", { class: "cross", d: `M${x + 3} ${y + 3}l7 8m0 -8l-7 8` }));
    return parts;
  }

  /** Returns the line through the bars in the order that works, with numbers where there is room. */
  order(view, lanes) {
    const points = Operations.points(view.run, this.evidence.order).filter(({ one }) => lanes.has(one.client));
    const first = Math.max(points.findIndex(({ time }) => time >= view.from) - 1, 0);
    const after = points.findIndex(({ time }) => time > view.to);
    const part = points.slice(first, after < 0 ? points.length : after + 1).slice(0, Intervals.BARS);
    if (part.length === 0) return null;
    const places = part.map(({ one, time, place }) => ({ x: this.x(time), y: 4 + lanes.get(one.client) * Intervals.LANE + 10, place, seen: time >= view.from && time <= view.to }));
    let labelled = -Infinity;
    const labels = places.filter(({ x, seen }) => {
      const free = seen && x - labelled > 20;
      if (free) labelled = x;
      return free;
    });
    return [
      Dom.svg("path", { class: "order", d: places.map(({ x, y }, at) => `${at === 0 ? "M" : "L"}${x.toFixed(1)} ${y}`).join("") }),
      places.filter(({ seen }) => seen).map(({ x, y }) => Dom.svg("circle", { class: "effect", cx: x, cy: y, r: 2.5 })),
      labels.map(({ x, y, place }) => Dom.svg("text", { class: "place", x: x + 3, y: y - 5 }, String(place + 1))),
    ];
  }

  say(run, problem) {
    this.near.hidden = !problem;
    Dom.replace(this.said, problem ? [Dom.html("bdi", {}, Words.readable(problem.message, 500)), " ", Dom.html("strong", {}, Operations.misfitsInWords(problem))] : "");
    this.said.hidden = !problem;
  }

  /** Says what is not drawn. */
  remark(view, within, lanes, drawn, problem) {
    const { run } = view;
    const notes = [];
    if (lanes.size < this.clients) notes.push(`${lanes.size} of ${this.clients} clients are drawn, those with marked operations first.`);
    if (drawn.length < within.length && lanes.size === this.clients) notes.push(`${drawn.length} of ${within.length} operations in this part of time are drawn: zoom in for the others.`);
    const leftOut = (run.summary && run.summary.left_out && run.summary.left_out.operation) || 0;
    if (leftOut > 0) notes.push(`${Words.count(leftOut, "operation")} are left out of this page; history.jsonl has all.`);
    if (problem) {
      const missing = [...this.evidence.all].filter((number) => !Operations.byNumber(run).has(number)).length;
      if (missing > 0) notes.push(`${missing} of the operations that matter here are among those left out.`);
      if (problem.kind === "not_linearizable" && !(problem.order && problem.order.length > 0)) notes.push("The longest order was not found: too much happened at the same time.");
    }
    if (within.length === 0) notes.push("No operation lies in this part of time.");
    this.note.textContent = notes.join(" ");
    this.note.hidden = notes.length === 0;
  }
}

Intervals.LANE = 22;
Intervals.LANES = 60;
Intervals.BARS = 1500;
