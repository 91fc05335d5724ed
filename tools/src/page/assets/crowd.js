"use strict";

// The network of so many nodes that each has no room for a name: a ring, on which each node is a bar. Neighbours
// stand beside each other as far as a ring allows. The length of a bar says what the node holds.
class Crowd {
  constructor(choose) {
    this.canvas = Dom.html("canvas", { class: "crowd", role: "img" });
    this.choose = choose;
    this.order = [];
    this.canvas.addEventListener("click", (event) => {
      const node = this.nodeAt(event.offsetX, event.offsetY);
      if (node !== null) this.choose(node);
    });
  }

  /** Gives nodes their places on the ring, in an order in which neighbours are near. */
  place(order) {
    this.order = order;
    this.places = new Array(order.length);
    order.forEach((node, at) => { this.places[node] = at; });
  }

  angle(node) {
    return (2 * Math.PI * (this.places[node] + 0.5)) / this.order.length - Math.PI / 2;
  }

  point(node, far) {
    const angle = this.angle(node);
    return [this.centre + far * Math.cos(angle), this.middle + far * Math.sin(angle)];
  }

  nodeAt(x, y) {
    const [dx, dy] = [x - this.centre, y - this.middle];
    if (Math.hypot(dx, dy) < this.radius - Crowd.INSIDE) return null;
    const share = (Math.atan2(dy, dx) + Math.PI / 2 + 2 * Math.PI) % (2 * Math.PI);
    return this.order[Math.min(Math.floor((share / (2 * Math.PI)) * this.order.length), this.order.length - 1)] ?? null;
  }

  /** Returns the places of all nodes in the coordinates of the window, for a line that is drawn around some. */
  points() {
    const box = this.canvas.getBoundingClientRect();
    return this.order.map((node) => {
      const [x, y] = this.point(node, this.radius);
      return [node, box.left + x, box.top + y];
    });
  }

  /** Draws the ring: `states` has for each node its life, what it holds, and its side of a partition. */
  draw(view, states, links) {
    const height = Math.min(Math.max(this.canvas.clientWidth, 200), 420);
    const { context, width } = Dom.canvas(this.canvas, height);
    this.middle = Math.min(width, height) / 2;
    this.centre = width / 2;
    this.radius = this.middle - Crowd.OUTSIDE;
    const colours = Dom.palette();
    Object.assign(this, { context, colours });
    context.font = "12px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    this.drawLinks(links);
    const thick = Math.max((2 * Math.PI * this.radius) / this.order.length - 0.4, 0.5);
    for (const [kind, form] of Object.entries(Crowd.FORMS)) this.drawBars(kind, form, states, Math.min(thick, 6));
    this.drawSides(states);
    if (view.node !== null && this.places[view.node] !== undefined) this.mark(view.run.name(view.node), view.node);
    this.drawCounts(states);
    context.textAlign = "left";
  }

  drawBars(kind, form, states, thick) {
    const { context, colours } = this;
    context.strokeStyle = colours[form.colour];
    context.lineWidth = thick;
    context.beginPath();
    states.forEach((state, node) => {
      if (state.kind !== kind) return;
      const [from, to] = [this.point(node, this.radius + form.from), this.point(node, this.radius + form.to)];
      context.moveTo(...from);
      context.lineTo(...to);
    });
    context.stroke();
    context.lineWidth = 1;
  }

  drawLinks(links) {
    const { context, colours } = this;
    for (const [state, colour, dash, width] of [["up", "line", [], 0.6], ["slow", "fault", [8, 3], 1.2], ["cut", "failed", [4, 3], 1.4]]) {
      context.strokeStyle = colours[colour];
      context.setLineDash(dash);
      context.lineWidth = width;
      context.beginPath();
      for (const link of links) {
        if (link.state !== state) continue;
        context.moveTo(...this.point(link.from, this.radius - Crowd.INSIDE));
        context.lineTo(...this.point(link.to, this.radius - Crowd.INSIDE));
      }
      context.stroke();
    }
    context.setLineDash([]);
    context.lineWidth = 1;
  }

  /** Draws an arc outside of each run of nodes on one side of a partition, with its letter where there is room. */
  drawSides(states) {
    const { context, colours } = this;
    const step = (2 * Math.PI) / this.order.length;
    context.strokeStyle = colours.fault;
    context.fillStyle = colours.fault;
    for (let at = 0; at < this.order.length;) {
      const { side } = states[this.order[at]];
      let end = at;
      while (end < this.order.length && states[this.order[end]].side === side) end += 1;
      if (side >= 0) {
        const [from, to] = [at * step - Math.PI / 2, end * step - Math.PI / 2];
        context.setLineDash(side % 2 === 0 ? [] : [3, 2]);
        context.lineWidth = 3;
        context.beginPath();
        context.arc(this.centre, this.middle, this.radius + Crowd.OUTSIDE - 16, from, to);
        context.stroke();
        if ((to - from) * this.radius > 14) {
          const far = this.radius + Crowd.OUTSIDE - 7;
          context.fillText(Topology.letter(side), this.centre + far * Math.cos((from + to) / 2), this.middle + far * Math.sin((from + to) / 2));
        }
      }
      at = end;
    }
    context.setLineDash([]);
    context.lineWidth = 1;
  }

  mark(name, node) {
    const { context, colours } = this;
    const [x, y] = this.point(node, this.radius - Crowd.INSIDE);
    context.strokeStyle = colours.ink;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(...this.point(node, this.radius - Crowd.INSIDE));
    context.lineTo(...this.point(node, this.radius + 14));
    context.stroke();
    context.lineWidth = 1;
    context.fillStyle = colours.ink;
    context.fillText(name, x + (this.centre - x) * 0.16, y + (this.middle - y) * 0.16);
  }

  /** Writes the number of nodes in each state into the ring. */
  drawCounts(states) {
    const { context, colours } = this;
    const lines = Crowd.counts(states).map(([kind, number]) => `${number} ${Crowd.FORMS[kind].label}`);
    lines.forEach((line, at) => {
      const y = this.middle + (at - (lines.length - 1) / 2) * 18;
      const wide = context.measureText(line).width + 10;
      context.fillStyle = colours.panel;
      context.globalAlpha = 0.85;
      context.fillRect(this.centre - wide / 2, y - 9, wide, 18);
      context.globalAlpha = 1;
      context.fillStyle = colours.ink;
      context.fillText(line, this.centre, y);
    });
  }

  /** Returns the states that occur, each with its number of nodes. */
  static counts(states) {
    const counts = new Map();
    for (const state of states) counts.set(state.kind, (counts.get(state.kind) ?? 0) + 1);
    return Object.keys(Crowd.FORMS).filter((kind) => counts.has(kind)).map((kind) => [kind, counts.get(kind)]);
  }
}

// The bar of each state: its begin and end from the ring outwards, so that lengths tell what colours tell.
Crowd.FORMS = {
  newest: { label: "hold the newest", from: -20, to: 8, colour: "accent" },
  older: { label: "hold an older one", from: -20, to: -8, colour: "fault" },
  told: { label: "answered with a value", from: -20, to: -2, colour: "accent" },
  lacks: { label: "run and hold none", from: -4, to: 0, colour: "failed" },
  runs: { label: "run", from: -14, to: 0, colour: "running" },
  paused: { label: "are frozen", from: 4, to: 12, colour: "paused" },
  starting: { label: "are starting", from: -2, to: 2, colour: "starting" },
  down: { label: "are down", from: 8, to: 12, colour: "dead" },
};
Crowd.INSIDE = 22;
Crowd.OUTSIDE = 34;
