"use strict";

// The space-time diagram around the chosen moment: a column for each participant, time downwards, an arrow from
// each sending to its arrival. Rows are spaced by the order of events; long silences are drawn short and named.
class SpaceTime {
  constructor() {
    this.shown = new Set(["payload", "announcement", "graft", "prune", "reconciliation", "handshake", "other", "writes"]);
    this.keyOnly = false;
    this.filters = Dom.html("div", { class: "filters", role: "group", "aria-label": "Kinds of messages" });
    this.note = Dom.html("p", { class: "note" });
    this.body = Dom.html("div", { class: "scroll", tabindex: "0", "aria-label": "Space-time diagram, scrolls" });
    this.element = Dom.html("section", { class: "panel tall", "aria-label": "Messages between nodes" },
      Dom.html("h2", {}, "Messages", Dom.html("span", { class: "hint" }, "time runs down · click an arrow: what led to it")),
      this.filters, this.note, this.body);
    this.drawn = "";
  }

  attach(view) {
    this.view = view;
    this.kinds = null;
  }

  /** Builds the filters of the kinds that the run has, once for each set of kinds. */
  updateFilters(run) {
    const kinds = new Set();
    for (const message of run.messages.values()) kinds.add(SpaceTime.isOfClient(message) ? "clients" : Arrow.classOf(message));
    const named = [...kinds].sort().join(" ");
    if (named === this.kinds) return;
    this.kinds = named;
    this.buildFilters(kinds);
  }

  buildFilters(present) {
    const toggle = (name, label, sample) => Dom.html("label", { class: "kind" },
      Dom.html("input", {
        type: "checkbox", checked: this.shown.has(name), "data-kind": name,
        on: { change: (event) => this.toggle(name, event.target.checked) },
      }), sample, label);
    const kinds = Object.entries(Arrow.KINDS).filter(([name]) => present.has(name))
      .map(([name, kind]) => toggle(name, name === "other" && present.size <= 2 ? "messages" : kind.label, this.sample(name)));
    if (present.has("clients")) kinds.push(toggle("clients", "messages of clients", this.sample("other")));
    kinds.push(toggle("writes", "questions that write", this.sample("question")), toggle("reads", "questions that read", this.sample("question")));
    const onlyKey = Dom.html("label", { class: "kind" }, Dom.html("input", {
      type: "checkbox", "data-kind": "key", on: { change: (event) => { this.keyOnly = event.target.checked; this.view.redraw(); } },
    }), "chosen key only");
    Dom.replace(this.filters, kinds, onlyKey);
  }

  toggle(name, on) {
    if (on) this.shown.add(name);
    else this.shown.delete(name);
    this.view.redraw();
  }

  sample(name) {
    const picture = Dom.svg("svg", { width: 34, height: 12, "aria-hidden": "true", class: "sample" });
    Arrow.draw(picture, name, [[1, 6], [32, 6]]);
    return picture;
  }

  /** Returns true if an event has a row. */
  seen(entry) {
    const { run } = this.view;
    switch (entry.event) {
      case "sent": case "arrived": case "lost": case "delayed": {
        const message = run.messages.get(entry.message);
        if (!message || !this.shown.has(SpaceTime.isOfClient(message) ? "clients" : Arrow.classOf(message))) return false;
        return !this.keyOnly || message.key === undefined || message.key === this.view.shownKey();
      }
      case "stored": return !this.keyOnly || entry.key === this.view.shownKey();
      case "ask": return this.showsAsk(entry);
      case "answer": case "refused": case "unknown": return Boolean(entry.of) && this.showsAsk(entry.of);
      case "links": case "partition": case "step": case "launch": case "life": case "verdict": return true;
      case "link": return true;
      case "done": return false;
      default: return ["exited", "misbehaved", "flooded", "failed", "held"].includes(entry.event);
    }
  }

  showsAsk(op) {
    if (op.event !== "ask") return false;
    return this.shown.has(SpaceTime.READS.has(op.words[0]) ? "reads" : "writes");
  }

  /** Returns true for a message between a node and a client, whose questions and answers are drawn as such. */
  static isOfClient(message) {
    return [message.from, message.to].some((who) => typeof who === "string" && /^c\d+$/u.test(who));
  }

  /** Returns the events around the moment, half of them before it. */
  around(view) {
    const { events } = view.run;
    const rows = [];
    for (let i = view.after - 1; i >= 0 && rows.length < SpaceTime.ROWS / 2; i -= 1) {
      if (this.seen(events[i])) rows.unshift(events[i]);
    }
    for (let i = view.after; i < events.length && rows.length < SpaceTime.ROWS; i += 1) {
      if (this.seen(events[i])) rows.push(events[i]);
    }
    return rows;
  }

  /** Returns the participants with a column: all if there are few, else those with an event among the rows. */
  columns(run, rows) {
    const busy = new Map();
    const count = (who) => busy.set(who, (busy.get(who) ?? 0) + 1);
    for (const entry of rows) {
      const message = run.messages.get(entry.message);
      if (message) [message.from, message.to].forEach(count);
      else if (!["partition", "links"].includes(entry.event)) run.participants(entry).forEach(count);
    }
    const strangers = [...busy.keys()].filter((who) => typeof who === "string");
    let nodes = run.nodes.map((node) => node.index);
    if (nodes.length > SpaceTime.COLUMNS) {
      const byUse = nodes.filter((node) => busy.has(node)).sort((one, other) => busy.get(other) - busy.get(one) || one - other);
      nodes = byUse.slice(0, SpaceTime.COLUMNS).sort((one, other) => one - other);
      if (this.view.node !== null && !nodes.includes(this.view.node)) nodes.push(this.view.node);
    }
    const left = run.nodes.length - nodes.length;
    return { list: [SpaceTime.SCENARIO, ...strangers.slice(0, 6), ...nodes], left };
  }

  draw(view) {
    const { run } = view;
    this.updateFilters(run);
    const rows = this.around(view);
    const { list, left } = this.columns(run, rows);
    this.say(view, rows, left);
    const wide = Math.max((this.body.clientWidth || 600) - 20, 300);
    const gap = Math.min(Math.max((wide - 150) / Math.max(list.length - 1, 1), 46), 150);
    this.at = new Map(list.map((who, index) => [who, 92 + index * gap]));
    this.gap = gap;
    this.place(rows);
    const width = 92 + (list.length - 1) * gap + 70;
    const picture = Dom.svg("svg", { width, height: this.height + 34, role: "group", "aria-label": "Messages as arrows between nodes" });
    this.drawColumns(picture, view, list, rows);
    this.drawFaults(picture, view, rows);
    this.drawRows(picture, view, rows);
    this.drawMessages(picture, view, rows);
    this.drawAsks(picture, view, rows);
    this.drawMoment(picture, view, rows);
    const scroll = { left: this.body.scrollLeft };
    const heads = Dom.svg("svg", { width, height: 24, class: "heads", role: "group", "aria-label": "Columns" });
    this.drawHeads(heads, view, list);
    Dom.replace(this.body, heads, picture);
    this.body.scrollLeft = scroll.left;
    const middle = this.momentY - this.body.clientHeight / 2;
    this.body.scrollTop = Math.max(middle, 0);
  }

  say(view, rows, left) {
    const { run } = view;
    const notes = [];
    if (run.messages.size === 0) {
      notes.push("This run has no messages on record, so the diagram has what the scenario asked and what nodes stored. "
        + "For messages between nodes: --world sim with --html, or --messages where the harness carries them.");
    }
    if (left > 0) notes.push(`${Words.count(left, "node")} with fewer events here ${left === 1 ? "has" : "have"} no column.`);
    this.note.textContent = notes.join(" ");
    this.note.hidden = notes.length === 0;
  }

  /** Places rows: near events a line apart, silences a little farther by their length. */
  place(rows) {
    this.y = new Map();
    this.silences = [];
    let y = 40;
    rows.forEach((entry, at) => {
      if (at > 0) {
        const passed = entry.at - rows[at - 1].at;
        const step = passed === 0 ? 15 : Math.min(15 + 4 * Math.log2(1 + passed / 200), 58);
        if (passed > 50_000) this.silences.push({ y: y + step / 2, passed });
        y += step;
      }
      this.y.set(entry.i, y);
    });
    this.height = y + 20;
    this.rows = rows;
  }

  /** Returns the height of an event, also of one above or below the rows. */
  heightOf(entry) {
    if (!entry) return this.height + 14;
    const y = this.y.get(entry.i);
    if (y !== undefined) return y;
    const [first, last] = [this.rows[0], this.rows[this.rows.length - 1]];
    if (!first || entry.i < first.i) return 26;
    if (entry.i > last.i) return this.height + 14;
    const after = this.rows.find((row) => row.i > entry.i);
    return this.y.get(after.i) - 6;
  }

  drawColumns(picture, view, list, rows) {
    const { run } = view;
    for (const who of list) {
      const x = this.at.get(who);
      if (typeof who !== "number") {
        picture.append(Dom.svg("line", { x1: x, x2: x, y1: 0, y2: this.height + 14, class: "life client" }));
      } else {
        this.drawLife(picture, run, run.node(who), x, rows);
      }
    }
    for (const silence of this.silences) {
      picture.append(Dom.svg("text", { x: 6, y: silence.y + 4, class: "silence" }, `⋮ ${Words.about(silence.passed)}`));
    }
  }

  /** Draws the names of columns, which stay in sight. */
  drawHeads(picture, view, list) {
    const { run } = view;
    for (const who of list) {
      const x = this.at.get(who);
      const name = who !== SpaceTime.SCENARIO ? run.name(who) : run.operations.length > 0 ? "clients" : "scenario";
      const head = Dom.svg("g", { class: view.node === who ? "head chosen" : "head", tabindex: "0", role: "button", "aria-label": `column ${name}` },
        Dom.svg("title", {}, SpaceTime.explained(who, name)), this.headOf(who, name, x));
      if (typeof who === "number") head.addEventListener("click", () => view.chooseNode(who));
      picture.append(head);
    }
  }

  /** Returns the name of a column; that of a client stands below what it is, since a node may have a like name. */
  headOf(who, name, x) {
    const most = Math.max(Math.floor(this.gap / 7), 5);
    const text = (words, y, kind) => Dom.svg("text", { x, y, "text-anchor": "middle", class: kind }, words);
    if (typeof who !== "string" || who === SpaceTime.SCENARIO) return text(Words.readable(name, most), 18, "");
    const kind = /^c\d+$/u.test(who) ? "client" : "service";
    return [text(kind, 8, "small"), text(Words.readable(who, most), 20, "")];
  }

  /** Returns the label of an arrow with room for so many characters: what it carries is worth more than its kind. */
  static label(message, most) {
    const carried = message.key ?? message.body ?? "";
    const whole = `${message.kind} ${carried}`.trim();
    return Words.readable(whole.length <= most || carried === "" ? whole : carried, most);
  }

  static explained(who, name) {
    if (who === SpaceTime.SCENARIO) return name === "clients" ? "the clients, who ask nodes" : "the scenario, which asks nodes and does things to them";
    if (typeof who !== "string") return `node ${name}`;
    return /^c\d+$/u.test(who) ? `${name}: the harness, as nodes see it when it asks them` : `${name}: a service that nodes may call`;
  }

  drawLife(picture, run, node, x, rows) {
    const first = rows.length > 0 ? rows[0].i : 0;
    const last = rows.length > 0 ? rows[rows.length - 1].i : 0;
    const changes = node.lives.filter((life) => life.i > first && life.i <= last);
    let [from, life] = [0, State.life(node, first + 1)];
    for (const next of [...changes, null]) {
      const to = next ? this.heightOf(next) : this.height + 14;
      picture.append(Dom.svg("line", { x1: x, x2: x, y1: from, y2: to, class: `life ${SpaceTime.LIVES[life] ?? "down"}` }));
      if (next) [from, life] = [to, next.life];
    }
  }

  drawFaults(picture, view, rows) {
    if (rows.length === 0) return;
    const [first, last] = [rows[0].i, rows[rows.length - 1].i];
    const width = this.at.size * this.gap + 40;
    for (const fault of Faults.merged(view.run.faults)) {
      if (fault.kind === "down" || fault.kind === "shape" || fault.fromI > last || (fault.toI !== null && fault.toI < first)) continue;
      const y = fault.fromI < first ? 24 : this.heightOf({ i: fault.fromI });
      const to = fault.toI === null ? this.height + 14 : Math.min(this.heightOf({ i: fault.toI }), this.height + 14);
      const columns = fault.nodes.map((node) => this.at.get(node)).filter((x) => x !== undefined);
      if (columns.length === 0) continue;
      const left = Math.min(...columns) - 14;
      const right = Math.max(...columns) + 14;
      picture.append(Dom.svg("rect", { x: left, y, width: Math.min(right - left, width), height: Math.max(to - y, 3), class: "fault" },
        Dom.svg("title", {}, Faults.label(fault))));
      if (fault.kind === "partition") this.drawSides(picture, fault, y, to);
    }
  }

  /** Writes the side of a partition beside each of its columns. */
  drawSides(picture, fault, y) {
    for (const [who, x] of this.at) {
      const side = State.side(fault.sets, who);
      if (side >= 0) picture.append(Dom.svg("text", { x: x + 4, y: y + 12, class: "side" }, String.fromCharCode(65 + (side % 26))));
    }
  }

  drawRows(picture, view, rows) {
    let before = null;
    for (const entry of rows) {
      const y = this.y.get(entry.i);
      const label = Words.time(entry.at);
      if (label !== before) picture.append(Dom.svg("text", { x: 6, y: y + 4, class: "when" }, label));
      before = label;
      if (["links", "partition", "step", "verdict"].includes(entry.event)) this.drawAct(picture, view, entry, y);
      else if (["stored", "launch", "life", "exited", "misbehaved", "flooded", "failed", "held"].includes(entry.event)) this.drawDot(picture, view, entry, y);
      else if (entry.event === "link") this.drawLink(picture, view, entry, y);
    }
  }

  drawAct(picture, view, entry, y) {
    const width = this.at.size * this.gap + 60;
    const group = this.pickable("act", view, entry, [
      Dom.svg("line", { x1: 92, x2: width, y1: y, y2: y, class: entry.event === "step" ? "step" : "done-to" }),
      Dom.svg("text", { x: 98, y: y - 3 }, Words.event(view.run, entry)),
    ]);
    picture.append(group);
  }

  drawDot(picture, view, entry, y) {
    const x = this.at.get(entry.node);
    if (x === undefined) return;
    const label = entry.event === "stored" ? `${Words.readable(entry.key, 14)} = ${view.run.valueOf(entry.key, entry.rank).slice(0, 14)}` : entry.life ?? entry.event;
    const mark = entry.event === "stored"
      ? Dom.svg("rect", { x: x - 4, y: y - 4, width: 8, height: 8, class: "stored" })
      : Dom.svg("circle", { cx: x, cy: y, r: 4, class: "dot" });
    const label2 = this.gap >= 70 ? Dom.svg("text", { x: x + 8, y: y + 4, class: "small" }, Words.readable(label, Math.floor(this.gap / 6.5))) : null;
    picture.append(this.pickable("dot", view, entry, [mark, label2]));
  }

  drawLink(picture, view, entry, y) {
    const [from, to] = [this.at.get(entry.from), this.at.get(entry.to)];
    if (from === undefined || to === undefined) return;
    picture.append(this.pickable(entry.up ? "link up" : "link down", view, entry, [
      Dom.svg("line", { x1: from, x2: to, y1: y, y2: y }),
      Dom.svg("circle", { cx: from, cy: y, r: 2.5 }), Dom.svg("circle", { cx: to, cy: y, r: 2.5 }),
    ]));
  }

  /** Makes a group that chooses its event, by pointer and by keyboard, and is dimmed if it is no cause. */
  pickable(kind, view, entry, children, twin = null) {
    const told = `${Words.time(entry.at)}: ${Words.event(view.run, entry)}`;
    const near = view.causes === null || view.causes.has(entry.i) || (twin !== null && view.causes.has(twin));
    const state = view.event === entry.i || (twin !== null && view.event === twin) ? " chosen" : view.causes === null ? "" : near ? " cause" : " dim";
    const choose = (event) => {
      event.stopPropagation();
      view.chooseEvent(twin ?? entry.i, true);
    };
    return Dom.svg("g", {
      class: kind + state, tabindex: "-1", role: "button", "aria-label": told, "data-event": twin ?? entry.i,
      on: { click: choose, keydown: (event) => { if (event.key === "Enter") choose(event); } },
    }, Dom.svg("title", {}, told), children);
  }

  drawMessages(picture, view, rows) {
    const drawn = new Set();
    for (const entry of rows) {
      const message = view.run.messages.get(entry.message);
      if (!message || drawn.has(message.message)) continue;
      drawn.add(message.message);
      const [x1, x2] = [this.at.get(message.from), this.at.get(message.to)];
      if (x1 === undefined || x2 === undefined) continue;
      this.drawMessage(picture, view, message, x1, x2, drawn.size);
    }
  }

  drawMessage(picture, view, message, x1, x2, number) {
    const kind = Arrow.classOf(message);
    const end = message.arrived ?? message.lost ?? null;
    const points = Arrow.path(message, x1, this.heightOf(message), x2, this.heightOf(end), (entry) => this.heightOf(entry));
    const group = this.pickable(`message ${kind}${message.lost ? " lost" : ""}`, view, message, [], end ? end.i : null);
    group.setAttribute("data-message", message.message);
    group.append(Dom.svg("polyline", { points: points.map((point) => point.join(",")).join(" "), class: "target" }));
    Arrow.draw(group, kind, points, message);
    const letter = Arrow.KINDS[kind].letter;
    const long = kind === "other" || (this.gap >= 70 && kind === "payload");
    const label = long ? SpaceTime.label(message, Math.max(Math.floor((Math.abs(x2 - x1) - 20) / 7), 6)) : letter;
    const share = number % 2 === 0 ? 0.36 : 0.26;
    const [x, y] = [points[0][0] + (points[1][0] - points[0][0]) * share, points[0][1] + (points[1][1] - points[0][1]) * share];
    group.append(Dom.svg("text", { x, y: y - 4, "text-anchor": x2 > x1 ? "start" : "end" }, label));
    picture.append(group);
  }

  drawAsks(picture, view, rows) {
    const x0 = this.at.get(SpaceTime.SCENARIO);
    for (const entry of rows) {
      if (entry.event !== "ask" && !["answer", "refused", "unknown"].includes(entry.event)) continue;
      const op = entry.event === "ask" ? entry : entry.of;
      const x = this.at.get(op.node);
      const y = this.y.get(entry.i);
      if (x === undefined) continue;
      const asks = entry.event === "ask";
      const group = this.pickable(`message ${asks ? "question" : "answered"}`, view, entry, []);
      Arrow.draw(group, asks ? "question" : "answered", asks ? [[x0, y], [x, y]] : [[x, y], [x0, y]]);
      const words = asks ? op.words.join(" ") : SpaceTime.answer(op, entry);
      group.append(Dom.svg("text", { x: x0 + 8, y: y - 3 }, `${asks ? "?" : "!"} ${view.run.name(op.node)}: ${Words.readable(words, 26)}`));
      picture.append(group);
    }
  }

  /** Returns an answer in words; that of a write is its stamp, which says nothing here. */
  static answer(op, entry) {
    if (entry.event !== "answer") return entry.event;
    return op.words[0] === "get" ? Words.value(entry.value, 24) : "done";
  }

  drawMoment(picture, view, rows) {
    const past = rows.findLast((entry) => entry.i < view.after);
    const y = past ? this.y.get(past.i) + 6 : 30;
    this.momentY = y;
    picture.append(Dom.svg("line", { x1: 0, x2: this.at.size * this.gap + 100, y1: y, y2: y, class: "now" }));
  }
}

// The questions that change nothing.
SpaceTime.READS = new Set(["get", "read", "keys", "count", "peers", "stats", "digest", "stamp", "log", "state"]);
SpaceTime.ROWS = 110;
SpaceTime.COLUMNS = 16;
SpaceTime.SCENARIO = "\u0000scenario";
SpaceTime.LIVES = { running: "running", starting: "starting", paused: "paused", ending: "starting" };
