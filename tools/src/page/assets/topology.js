"use strict";

// The network at the chosen moment: links up, cut or slow, sides of a partition, and who holds the newest
// version of the chosen key.
class Topology {
  constructor() {
    this.body = Dom.html("div", { class: "picture" });
    this.keyLine = Dom.html("div", { class: "legend" });
    this.element = Dom.html("section", { class: "panel", "aria-label": "Network at the moment" },
      Dom.html("h2", {}, "Network"), this.body, this.keyLine);
    this.places = null;
    this.shape = "";
  }

  attach(view) {
    this.view = view;
  }

  draw(view) {
    const { run } = view;
    const links = [...run.links.values()];
    if (run.nodes.length > Topology.NAMED) {
      this.drawCrowd(view, links);
      return;
    }
    const shape = `${run.nodes.length} ${links.length}`;
    if (shape !== this.shape) {
      this.places = Layout.of(run.nodes.length, links);
      this.shape = shape;
    }
    const size = Topology.size(run.nodes.length);
    const flat = this.places.length > 0 ? Math.max(...this.places.map((point) => point[1])) - Math.min(...this.places.map((point) => point[1])) : 0;
    const height = Math.max(flat * 420, 60) + 60;
    const top = this.places.length > 0 ? Math.min(...this.places.map((point) => point[1])) : 0;
    this.point = (node) => [34 + this.places[node][0] * 432, 30 + (this.places[node][1] - top) * (height - 60) / Math.max(flat, 0.14)];
    const picture = Dom.svg("svg", { viewBox: `0 0 500 ${height}`, role: "group", "aria-label": this.described(view) });
    const on = State.faults(run, view.after);
    // So many links would hide each other and all else; those with faults are still drawn.
    const many = links.length > Topology.LINKS;
    for (const link of links) if (!many || on.some((fault) => fault.direction && Run.pair(...fault.direction) === Run.pair(link.from, link.to))) this.drawLink(picture, view, link, on);
    for (const node of run.nodes) this.drawNode(picture, view, node, size, on);
    Dom.replace(this.body, picture);
    this.explain(view, on);
  }

  static size(nodes) {
    if (nodes <= 30) return 15;
    return nodes <= 120 ? 9 : 6;
  }

  /** Draws so many nodes that each has no room for its name. */
  drawCrowd(view, links) {
    const { run } = view;
    this.crowd ??= new Crowd((node) => this.view.chooseNode(node));
    const shape = `${run.nodes.length} ${links.length}`;
    if (shape !== this.shape) {
      this.crowd.place(Layout.order(run.nodes.length, links));
      this.shape = shape;
    }
    if (!this.crowd.canvas.isConnected) Dom.replace(this.body, this.crowd.canvas);
    this.body.points = () => this.crowd.points();
    const on = State.faults(run, view.after);
    const states = this.states(view, on);
    const many = links.length > Topology.LINKS;
    const drawn = links.map((link) => ({ from: link.from, to: link.to, state: this.stateOf(view, link, on, many) }));
    this.crowd.draw(view, states, drawn.filter((link) => link.state !== null));
    const counts = Crowd.counts(states).map(([kind, number]) => `${number} ${Crowd.FORMS[kind].label}`);
    this.crowd.canvas.setAttribute("aria-label", `${this.described(view)}; ${counts.join(", ")}`);
    this.explain(view, on);
  }

  /** Returns the state of each node in brief: what it holds of the shown key if it lives, and its side. */
  states(view, on) {
    const { run } = view;
    const key = view.shownKey();
    const rank = key === null ? null : State.newest(run, key, view.after);
    const partition = on.find((fault) => fault.kind === "partition");
    const sides = new Map(partition ? partition.sets.flatMap((set, side) => set.map((node) => [node, side])) : []);
    return run.nodes.map((node) => {
      const life = State.life(node, view.after);
      const side = sides.get(node.index) ?? -1;
      if (life === "paused" || life === "starting") return { kind: life, side };
      if (life !== "running") return { kind: "down", side };
      if (key === null) return { kind: "runs", side };
      return { kind: Topology.holds(run, key, State.version(run, node, key, view.after), rank), side };
    });
  }

  /** Returns the state of a link in brief; null for one that is not drawn. */
  stateOf(view, link, on, many) {
    const state = State.link(view.run, link, view.after, on.filter((fault) => fault.direction));
    if (state.faults.length > 0) return Topology.isCut(state) ? "cut" : "slow";
    return state.up && !many ? "up" : null;
  }

  static isCut(state) {
    return state.faults.some((fault) => fault.kind !== "shape" || Topology.loses(fault));
  }

  drawLink(picture, view, link, on) {
    const { run } = view;
    const state = State.link(run, link, view.after, on);
    if (state.up === null && state.faults.length === 0) return;
    const [one, other] = [this.point(link.from), this.point(link.to)];
    const kind = Topology.isCut(state) ? "cut" : state.faults.length > 0 ? "slow" : state.up ? "up" : "gone";
    const label = `${run.name(link.from)}–${run.name(link.to)}: ${state.up ? "up" : "down"}${state.faults.map((fault) => `, ${fault.label}`).join("")}`;
    const group = Dom.svg("g", { class: `edge ${kind}`, role: "img", "aria-label": label, "data-from": link.from, "data-to": link.to },
      Dom.svg("title", {}, label),
      Dom.svg("line", { x1: one[0], y1: one[1], x2: other[0], y2: other[1], class: "target" }),
      Dom.svg("line", { x1: one[0], y1: one[1], x2: other[0], y2: other[1] }));
    for (const fault of state.faults) this.drawObstacle(group, fault, link, one, other);
    picture.append(group);
  }

  static loses(fault) {
    return fault.shapes.some((shape) => /\bloss 100%/u.test(shape));
  }

  /** Draws the obstacle of one direction nearer to the node that does not hear. */
  drawObstacle(group, fault, link, one, other) {
    const towards = fault.direction ? (fault.direction[1] === link.to ? 0.66 : 0.34) : 0.5;
    const [x, y] = [one[0] + (other[0] - one[0]) * towards, one[1] + (other[1] - one[1]) * towards];
    const angle = (Math.atan2(other[1] - one[1], other[0] - one[0]) * 180) / Math.PI + (towards < 0.5 ? 180 : 0);
    if (fault.kind === "shape" && !Topology.loses(fault)) {
      group.append(Dom.svg("text", { x, y: y - 5, "text-anchor": "middle" }, Words.readable(fault.shapes.join(", "), 24)));
      return;
    }
    if (fault.direction) group.append(Dom.svg("path", { d: "M-9,-5L-2,0L-9,5", class: "towards", transform: `translate(${x},${y}) rotate(${angle})` }));
    group.append(Dom.svg("path", { d: "M-5,-5l10,10m0,-10l-10,10", class: "cross", transform: `translate(${x},${y})` }));
    if (fault.kind === "shape") group.append(Dom.svg("text", { x, y: y - 9, "text-anchor": "middle" }, Words.readable(fault.shapes.join(", "), 24)));
  }

  drawNode(picture, view, node, size, on) {
    const { run } = view;
    const [x, y] = this.point(node.index);
    const life = State.life(node, view.after);
    const key = view.shownKey();
    const rank = key === null ? null : State.newest(run, key, view.after);
    const version = key === null ? null : State.version(run, node, key, view.after);
    const holds = Topology.holds(run, key, version, rank);
    const partition = on.find((fault) => fault.kind === "partition");
    const side = partition ? State.side(partition.sets, node.index) : -1;
    const label = `${run.name(node.index)}: ${life}${key === null ? "" : `, ${Words.readable(key, 30)} ${version ? `= ${version.text}` : "absent"}`}${side >= 0 ? `, side ${Topology.letter(side)}` : ""}`;
    const choose = () => view.chooseNode(node.index);
    const group = Dom.svg("g", {
      class: `vertex ${life} ${holds}${view.node === node.index ? " chosen" : ""}`, tabindex: "0", role: "button", "aria-label": label,
      "data-node": node.index, on: { click: choose, keydown: (event) => { if (event.key === "Enter") choose(); } },
    }, Dom.svg("title", {}, label), Dom.svg("circle", { cx: x, cy: y, r: size }));
    if (holds === "older" && size > 6) group.append(Dom.svg("path", { d: `M${x},${y - size}A${size},${size},0,0,0,${x},${y + size}Z`, class: "half" }));
    if (size > 6) {
      const name = run.name(node.index);
      const inside = name.length <= (size > 10 ? 3 : 1);
      group.append(Dom.svg("text", { x, y: inside ? y + 4 : y + size + 11, "text-anchor": "middle", class: inside ? "inside" : "" }, Words.readable(name, 12)));
      const badge = { paused: "‖", exited: "✕", stopped: "✕", starting: "…" }[life];
      if (badge) group.append(Dom.svg("text", { x: x + size, y: y - size + 4, class: "badge" }, badge));
      if (side >= 0) group.append(Dom.svg("text", { x: x - size - 3, y: y - size + 4, class: "badge side", "text-anchor": "end" }, Topology.letter(side)));
    }
    picture.append(group);
  }

  static letter(side) {
    return side < 26 ? String.fromCharCode(65 + side) : String(side);
  }

  /** Returns what a node holds: of one that only answers, as far as its answer is the newest value or another. */
  static holds(run, key, version, rank) {
    if (!version) return "lacks";
    if (version.rank === null && rank === null) return "told";
    if (version.rank === null) return version.text === run.valueOf(key, rank) ? "newest" : "older";
    return version.rank >= rank ? "newest" : "older";
  }

  explain(view, on) {
    const { run } = view;
    const key = view.shownKey();
    const parts = [];
    if (key !== null && run.keys.size > 0) {
      const rank = State.newest(run, key, view.after);
      const value = rank === null ? "" : ` = ${run.valueOf(key, rank)}`;
      const crowded = run.nodes.length > Topology.NAMED;
      const forms = crowded ? "a bar for each node: the longer, the newer what it holds" : run.anyStored ? "filled: holds the newest, half: an older one, empty: none"
        : "as nodes answered last; filled: with the newest, half: with another, empty: with none, or not asked";
      parts.push(Dom.html("label", {}, "key ", this.picker(view)), Dom.html("span", {}, `${Words.readable(value, 60)} · ${forms}`));
    }
    if (run.links.size > Topology.LINKS) parts.push(Dom.html("span", {}, `${run.links.size} links are not drawn, unless a fault is on them`));
    if (on.length > 0) parts.push(Dom.html("span", { class: "on" }, `Faults now: ${Words.list(Faults.merged(on).map((fault) => Faults.label(fault)), 6)}`));
    if (this.keyLine.contains(document.activeElement)) return;
    Dom.replace(this.keyLine, parts);
  }

  picker(view) {
    const keys = [...view.run.keys.keys()].slice(0, 300);
    return Dom.html("select", { "aria-label": "Key", on: { change: (event) => { event.target.blur(); view.chooseKey(keys[event.target.selectedIndex]); } } },
      keys.map((key) => Dom.html("option", { selected: key === view.shownKey() }, Words.readable(key, 50))));
  }

  described(view) {
    const { run } = view;
    const up = [...run.links.values()].filter((link) => State.link(run, link, view.after, []).up).length;
    const on = Faults.merged(State.faults(run, view.after)).map((fault) => fault.label);
    return `Network at ${Words.time(view.time)}: ${Words.count(run.nodes.length, "node")}, ${Words.count(up, "link")} up`
      + `${on.length > 0 ? `; ${Words.list(on, 6)}` : ""}`;
  }
}

Topology.LINKS = 1500;
// The most nodes that are drawn as circles with names.
Topology.NAMED = 160;
