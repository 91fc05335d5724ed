"use strict";

// A run as its lines tell it. Lines come in one by one, from the page itself or from a live network; everything
// else on the page is read from here.
class Run {
  constructor() {
    this.plan = null;
    this.nodes = [];
    this.events = [];
    this.steps = [];
    this.ops = new Map();
    this.messages = new Map();
    this.lost = [];
    this.values = new Map();
    this.keys = new Map();
    this.partitions = [];
    this.faults = [];
    this.links = new Map();
    this.holds = [];
    this.logs = [];
    this.logsLeftOut = new Map();
    this.laws = [];
    this.measures = [];
    this.operations = [];
    this.problems = [];
    this.verdict = null;
    this.failedAt = null;
    this.report = null;
    this.end = 0;
    this.passedOver = 0;
    this.summary = null;
    this.openSteps = new Map();
    this.openFaults = new Map();
    this.anyLink = false;
    this.anyLife = false;
    this.anyStored = false;
    this.version = 0;
    this.known = null;
  }

  /** Takes a line. One that cannot be read is passed over and counted. */
  push(line) {
    let entry;
    try {
      entry = JSON.parse(line);
    } catch {
      this.passedOver += 1;
      return;
    }
    if (entry === null || typeof entry !== "object" || typeof entry.event !== "string") {
      this.passedOver += 1;
      return;
    }
    this.version += 1;
    if (entry.event === "log") {
      this.addLog(entry);
      return;
    }
    if (typeof entry.at_us !== "number") return;
    // Events of one microsecond stay in the order of the file; none goes back in time.
    entry.at = Math.max(entry.at_us, this.end);
    entry.i = this.events.length;
    this.end = entry.at;
    this.events.push(entry);
    const handler = Run.HANDLERS[entry.event];
    if (handler) {
      try {
        handler(this, entry);
      } catch {
        this.passedOver += 1;
      }
    }
  }

  /** Returns the name of a participant: a node by its index, a client by its name. */
  name(who) {
    if (typeof who === "string") return /^c\d+$/u.test(who) ? `client ${who}` : Words.readable(who, 60);
    const node = this.nodes[who];
    return node ? Words.readable(node.name, 60) : `node ${who}`;
  }

  node(index) {
    if (!Number.isInteger(index) || index < 0 || index > 1e6) throw new Error("no index of a node");
    while (this.nodes.length <= index) {
      const next = this.nodes.length;
      this.nodes.push({
        index: next, name: `node ${next}`, lives: [], stored: new Map(), told: new Map(), digests: [], disk: false, clock: [],
      });
    }
    return this.nodes[index];
  }

  /** Returns the value of a version in words, as far as the run tells it. */
  valueOf(key, rank) {
    const written = this.values.get(`${key}\n${rank}`);
    if (!written) return `version ${String(rank).slice(8, 18)}`;
    return written.deleted ? "(deleted)" : Words.value(written.value, 120);
  }

  /** Returns the events of a key's versions, newest first by rank. */
  ranks(key) {
    return [...(this.keys.get(key) || new Map()).keys()].sort((one, other) => (one < other ? 1 : -1));
  }

  /** Returns the number of events up to and with a time. */
  limitAt(time) {
    let [low, high] = [0, this.events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle].at <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Returns the ranks that nodes hold at the end of a run of which events are left out, by key. */
  lastContents() {
    if (!this.known) {
      const contents = (this.summary && this.summary.contents) || [];
      this.known = new Map(contents.map((one) => [one.key, one.nodes.map((place) => one.ranks[place] ?? null)]));
    }
    return this.known;
  }

  addKey(key, rank, entry) {
    if (!this.keys.has(key)) this.keys.set(key, new Map());
    const ranks = this.keys.get(key);
    if (rank !== undefined && !ranks.has(rank)) ranks.set(rank, entry);
  }

  setLife(index, life, entry) {
    const lives = this.node(index).lives;
    const last = lives[lives.length - 1];
    if (!last || last.life !== life) lives.push({ at: entry.at, i: entry.i, life });
  }

  setLink(from, to, up, entry) {
    const id = Run.pair(from, to);
    if (!this.links.has(id)) this.links.set(id, { from: Math.min(from, to), to: Math.max(from, to), states: [] });
    const states = this.links.get(id).states;
    const last = states[states.length - 1];
    if (up !== null && (!last || last.up !== up)) states.push({ at: entry.at, i: entry.i, up });
  }

  /** Begins a fault under a name; one of the same name ends. A fault without a label only ends the other. */
  setFault(id, fault, entry) {
    const open = this.openFaults.get(id);
    if (open) {
      open.to = entry.at;
      open.toI = entry.i;
      this.openFaults.delete(id);
    }
    // After the verdict the harness ends all nodes, which is no fault.
    if (!fault || this.verdict !== null) return;
    const step = this.openSteps.get(entry.step);
    const begun = { ...fault, from: entry.at, fromI: entry.i, to: null, toI: null, line: step && this.plan && step.file === this.plan.file ? step.line : null };
    this.faults.push(begun);
    this.openFaults.set(id, begun);
  }

  addLog(entry) {
    if (entry.left_out !== undefined) {
      this.logsLeftOut.set(entry.node, entry.left_out);
      return;
    }
    const at = typeof entry.at_us === "number" ? entry.at_us : null;
    this.logs.push({ at, node: entry.node, level: entry.level, text: String(entry.text), n: this.logs.length });
    this.logsSorted = false;
  }

  /** Returns the lines of all logs by time; lines without a time follow the line before them. */
  sortedLogs() {
    if (!this.logsSorted) {
      const last = new Map();
      for (const log of this.logs) {
        log.when = log.at ?? last.get(log.node) ?? 0;
        last.set(log.node, log.when);
      }
      this.logs.sort((one, other) => one.when - other.when || one.n - other.n);
      this.logsSorted = true;
    }
    return this.logs;
  }

  static pair(from, to) {
    return from < to ? `${from} ${to}` : `${to} ${from}`;
  }

  /** Returns the participants that an event is about. */
  participants(entry) {
    switch (entry.event) {
      case "sent": return [entry.from];
      case "lost": case "arrived": case "delayed": {
        const message = this.messages.get(entry.message);
        if (!message) return [];
        return [entry.event === "lost" ? message.from : message.to];
      }
      case "wire": case "link": return [entry.from, entry.to];
      case "links": return entry.changes.flatMap((one) => (typeof one === "string" ? [] : [one.from, one.to]));
      case "partition": return entry.sets.flat();
      case "done": case "answer": case "refused": case "unknown": case "failed": case "unasked": {
        const op = this.ops.get(entry.op);
        return op && op.node !== undefined ? [op.node] : [];
      }
      default: return entry.node === undefined ? [] : [entry.node];
    }
  }
}

Run.HANDLERS = (() => {
  function begin(run, entry) {
    run.ops.set(entry.op, entry);
  }

  function finish(run, entry) {
    const op = run.ops.get(entry.op);
    if (op) {
      op.ended = entry;
      entry.of = op;
    }
    return op;
  }

  function ended(run, entry) {
    const op = finish(run, entry);
    if (!op) return;
    if (op.event === "wire" && !run.anyLink && entry.event === "done") run.setLink(op.from, op.to, true, entry);
    if (op.event === "launch" && !run.anyLife && entry.event === "done") run.setLife(op.node, "running", entry);
    if (op.event === "signal" && !run.anyLife && entry.event === "done") {
      const next = { pause: "paused", resume: "running" }[op.signal];
      if (next) run.setLife(op.node, next, entry);
    }
  }

  function answered(run, entry) {
    const op = finish(run, entry);
    if (!op || op.event !== "ask") return;
    const [command, key, ...rest] = op.words;
    if (command === "get" && entry.event === "answer") tell(run, op.node, key, entry.value, entry);
    if (command === "get" && entry.event === "refused") tell(run, op.node, key, null, entry);
    if (!entry.written || entry.event !== "answer") return;
    const id = `${key}\n${entry.written.rank}`;
    if (command === "set" || command === "delete") {
      const value = command === "delete" ? { deleted: true } : { value: rest.join(" ") };
      run.values.set(id, { ...value, node: op.node, at: entry.at, op });
      run.addKey(key, entry.written.rank, entry);
      tell(run, op.node, key, command === "delete" ? null : rest.join(" "), entry);
    } else if (command === "get" && !run.values.has(id)) {
      run.values.set(id, { value: entry.value, at: entry.at });
    }
  }

  function tell(run, index, key, value, entry) {
    const told = run.node(index).told;
    if (!told.has(key)) told.set(key, []);
    const list = told.get(key);
    const last = list[list.length - 1];
    const text = value === null ? null : Words.value(value, 120);
    if (!last || last.text !== text) list.push({ at: entry.at, i: entry.i, text });
    run.addKey(key, undefined, entry);
  }

  function step(run, entry) {
    const number = entry.step ?? run.steps.length + 1;
    const parent = run.openSteps.get(entry.parent);
    if (entry.step === undefined) {
      const last = run.steps[run.steps.length - 1];
      if (last && last.to === null) {
        Object.assign(last, { to: entry.at, toI: entry.i, result: "done" });
        run.openSteps.delete(last.number);
      }
    }
    const begun = {
      number, entry, line: entry.line, file: entry.file, text: entry.text, kind: entry.kind || entry.text.split(" ")[0],
      from: entry.at, fromI: entry.i, to: null, toI: null, result: null, depth: parent ? parent.depth + 1 : 0, heldAt: null,
    };
    run.steps.push(begun);
    run.openSteps.set(number, begun);
  }

  function stepEnded(run, entry) {
    const open = run.openSteps.get(entry.step);
    if (!open) return;
    Object.assign(open, { to: entry.at, toI: entry.i, result: entry.result });
    run.openSteps.delete(entry.step);
  }

  function held(run, entry) {
    run.holds.push(entry);
    const open = run.openSteps.get(entry.step);
    if (open) {
      open.heldAt = entry.at;
      return;
    }
    for (let i = run.steps.length - 1; i >= 0; i -= 1) {
      if (run.steps[i].line === entry.line && run.steps[i].heldAt === null) {
        run.steps[i].heldAt = entry.at;
        return;
      }
    }
  }

  function links(run, entry) {
    begin(run, entry);
    for (const one of entry.changes) {
      if (typeof one === "string") continue;
      const { from, to } = one;
      const label = `${run.name(from)}→${run.name(to)}`;
      const pair = `${run.name(from)}–${run.name(to)}`;
      run.setLink(from, to, null, entry);
      if (one.change === "cut") run.setFault(`cut ${from} ${to}`, { kind: "cut", nodes: [from, to], direction: [from, to], label: `cut ${label}`, both: `cut ${pair}` }, entry);
      if (one.change === "join") run.setFault(`cut ${from} ${to}`, null, entry);
      if (one.change === "shape") {
        const shaped = one.shapes.length > 0;
        const fault = { kind: "shape", nodes: [from, to], direction: [from, to], shapes: one.shapes, label: `${label} ${Words.shapes(one)}`, both: `${pair} ${Words.shapes(one)}` };
        run.setFault(`shape ${from} ${to}`, shaped ? fault : null, entry);
      }
    }
  }

  function partition(run, entry) {
    begin(run, entry);
    const fault = { kind: "partition", nodes: entry.sets.flat(), sets: entry.sets, label: `partition ${Words.sides(run, entry.sets)}` };
    run.setFault("partition", entry.sets.length > 0 ? fault : null, entry);
  }

  function life(run, entry) {
    run.anyLife = true;
    run.setLife(entry.node, entry.life, entry);
    const fault = { kind: "paused", nodes: [entry.node], label: `${run.name(entry.node)} is frozen` };
    run.setFault(`paused ${entry.node}`, entry.life === "paused" ? fault : null, entry);
    if (entry.life === "exited" || entry.life === "stopped") {
      run.setFault(`down ${entry.node}`, { kind: "down", nodes: [entry.node], label: `${run.name(entry.node)} is down` }, entry);
    } else {
      run.setFault(`down ${entry.node}`, null, entry);
    }
    if (entry.life === "starting" || entry.life === "exited" || entry.life === "stopped") forget(run, entry);
  }

  /** Notes that a node without a disk holds nothing any more. */
  function forget(run, entry) {
    const node = run.node(entry.node);
    if (node.disk) return;
    for (const list of node.stored.values()) list.push({ at: entry.at, i: entry.i, rank: null });
    for (const list of node.told.values()) list.push({ at: entry.at, i: entry.i, text: null });
  }

  function launch(run, entry) {
    begin(run, entry);
    const node = run.node(entry.node);
    node.disk = Boolean(entry.spec && entry.spec.disk);
    node.driver = entry.spec && entry.spec.driver;
    if (!run.anyLife) run.setLife(entry.node, "starting", entry);
  }

  function link(run, entry) {
    run.anyLink = true;
    run.setLink(entry.from, entry.to, entry.up, entry);
  }

  function stored(run, entry) {
    run.anyStored = true;
    const map = run.node(entry.node).stored;
    if (!map.has(entry.key)) map.set(entry.key, []);
    map.get(entry.key).push({ at: entry.at, i: entry.i, rank: entry.rank });
    run.addKey(entry.key, entry.rank, entry);
  }

  function sent(run, entry) {
    run.messages.set(entry.message, entry);
  }

  function carried(run, entry) {
    const message = run.messages.get(entry.message);
    if (!message) return;
    message[entry.event] = entry;
    if (entry.event === "lost") run.lost.push(message);
  }

  function verdict(run, entry) {
    run.verdict = entry.verdict;
    run.message = entry.message;
    if (entry.report) run.report = entry.report;
    if (entry.verdict === "failed" || entry.verdict === "broken") {
      const when = run.report && run.report.failure ? run.report.failure.when_ms * 1000 : entry.at;
      // The report has whole milliseconds; the end of the failed step is exact.
      const failed = run.steps.findLast((one) => one.result === "failed");
      run.failedAt = failed && failed.to !== null ? failed.to : Math.min(when, entry.at);
    }
    for (const open of run.openSteps.values()) Object.assign(open, { to: entry.at, toI: entry.i, result: "aborted" });
    run.openSteps.clear();
  }

  return {
    plan: (run, e) => { run.plan = e; },
    node: (run, e) => { run.node(e.node).name = e.name; },
    step, step_ended: stepEnded, held, links, partition, life, launch, link, stored, sent, verdict,
    arrived: carried, lost: carried, delayed: carried,
    signal: begin, ask: begin, wire: (run, e) => { begin(run, e); run.setLink(e.from, e.to, null, e); },
    clock: (run, e) => {
      begin(run, e);
      const fault = { kind: "clock", nodes: [e.node], label: `clock of ${run.name(e.node)} ${e.offset_ms} ms` };
      run.setFault(`clock ${e.node}`, e.offset_ms === 0 ? null : fault, e);
    },
    disk: (run, e) => {
      begin(run, e);
      run.setFault(`disk ${e.node}`, e.full ? { kind: "disk", nodes: [e.node], label: `disk of ${run.name(e.node)} is full` } : null, e);
    },
    done: ended, failed: ended, unknown: answered, answer: answered, refused: answered, unasked: answered,
    changed: (run, e) => { run.node(e.node).digests.push({ at: e.at, i: e.i, digest: e.digest, peers: e.peers }); },
    exited: (run, e) => { if (!run.anyLife) { run.setLife(e.node, "exited", e); forget(run, e); } },
    law: (run, e) => { run.laws.push(e); },
    measured: (run, e) => { run.measures.push(e); },
    operation: (run, e) => { run.operations.push(e); },
    problem: (run, e) => { run.problems.push(e); },
  };
})();
