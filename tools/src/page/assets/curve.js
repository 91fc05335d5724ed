"use strict";

// The convergence curve: the share of nodes that hold a version of the chosen key, or a newer one, and the number
// of different digests over time. Faults are the shade.
class Curve {
  constructor() {
    this.showsWindow = true;
    this.canvas = Dom.html("canvas", { class: "curve", role: "img" });
    this.legend = Dom.html("div", { class: "legend" });
    this.element = Dom.html("section", { class: "panel", "aria-label": "Convergence" },
      Dom.html("h2", {}, "Convergence"), this.canvas, this.legend);
    this.known = null;
  }

  attach(view) {
    this.view = view;
    this.canvas.addEventListener("click", (event) => view.chooseTime(Math.round(this.timeAt(event.offsetX))));
  }

  timeAt(x) {
    return this.view.from + ((x - Curve.LEFT) / this.plot) * (this.view.to - this.view.from);
  }

  /** Returns the curves of a key; they are counted once for each key and state of the run. */
  curves(run, key) {
    if (this.known && this.known.key === key && this.known.version === run.version) return this.known;
    this.known = { key, version: run.version, versions: this.versions(run, key), digests: this.digests(run) };
    return this.known;
  }

  versions(run, key) {
    const told = (run.summary && run.summary.versions ? run.summary.versions : []).filter((one) => one.key === key);
    if (told.length > 0) return told.slice(-4).map((one) => ({ rank: one.rank, points: one.holders }));
    if (key === null || !run.anyStored) return [];
    return run.ranks(key).slice(0, 4).reverse().map((rank) => ({ rank, points: this.holders(run, key, rank) }));
  }

  /** Returns the number of nodes that hold this version or a newer one, at each change. */
  holders(run, key, rank) {
    const changes = [];
    for (const node of run.nodes) {
      let held = false;
      for (const one of node.stored.get(key) || []) {
        const now = one.rank !== null && one.rank >= rank;
        if (now !== held) changes.push([one.at, now ? 1 : -1]);
        held = now;
      }
    }
    changes.sort((one, other) => one[0] - other[0]);
    let count = 0;
    return changes.map(([at, by]) => [at, (count += by)]);
  }

  digests(run) {
    if (run.summary && run.summary.digests) return run.summary.digests;
    const changes = run.nodes.flatMap((node) => [
      ...node.digests.map((one) => ({ at: one.at, i: one.i, node: node.index, digest: one.digest })),
      ...node.lives.filter((life) => life.life === "exited" || life.life === "stopped").map((life) => ({ at: life.at, i: life.i, node: node.index, digest: null })),
    ]);
    changes.sort((one, other) => one.i - other.i);
    const [held, counts, points] = [new Map(), new Map(), []];
    for (const { at, node, digest } of changes) {
      const before = held.get(node);
      if (before !== undefined) {
        counts.set(before, counts.get(before) - 1);
        if (counts.get(before) === 0) counts.delete(before);
        held.delete(node);
      }
      if (digest !== null) {
        held.set(node, digest);
        counts.set(digest, (counts.get(digest) ?? 0) + 1);
      }
      points.push([at, counts.size]);
    }
    return points;
  }

  draw(view) {
    const { run } = view;
    const key = view.shownKey();
    const { versions, digests } = this.curves(run, key);
    // Without evidence, a flat line would say that nodes agree.
    const known = versions.length > 0 || run.nodes.some((node) => node.digests.length > 0);
    this.canvas.hidden = !known;
    if (!known) {
      Dom.replace(this.legend, Dom.html("span", {}, "Nodes told neither what they hold nor a digest of it, so there is no curve."));
      return;
    }
    const { context, width } = Dom.canvas(this.canvas, 200);
    this.plot = width - Curve.LEFT - 10;
    Object.assign(this, { context, colours: Dom.palette() });
    context.font = "11px system-ui, sans-serif";
    this.shade(view);
    const most = Math.max(run.nodes.length, 1);
    this.frame(8, 110, "100 %", "0 %");
    versions.forEach((version, at) => this.line(view, version.points, 8, 110, most, at));
    const peak = Math.max(...digests.map((point) => point[1]), 1);
    this.frame(136, 44, String(peak), "0");
    this.line(view, digests, 136, 44, peak, 4);
    this.moment(view);
    this.explain(view, key, versions);
    this.canvas.setAttribute("aria-label", this.described(view, key, versions, digests));
  }

  x(time) {
    return Curve.LEFT + ((time - this.view.from) / (this.view.to - this.view.from)) * this.plot;
  }

  shade(view) {
    const { context, colours } = this;
    context.fillStyle = colours.fault;
    context.globalAlpha = 0.14;
    for (const fault of view.run.faults.slice(0, 400)) {
      const [from, to] = [Math.max(this.x(fault.from), Curve.LEFT), Math.min(this.x(fault.to ?? view.run.end), Curve.LEFT + this.plot)];
      if (to > from) context.fillRect(from, 8, to - from, 172);
    }
    context.globalAlpha = 1;
  }

  frame(top, height, above, below) {
    const { context, colours } = this;
    context.strokeStyle = colours.line;
    context.strokeRect(Curve.LEFT + 0.5, top + 0.5, this.plot, height);
    context.fillStyle = colours.faint;
    context.textAlign = "right";
    context.fillText(above, 36, top + 9);
    context.fillText(below, 36, top + height);
    context.textAlign = "left";
  }

  line(view, points, top, height, most, which) {
    const { context, colours } = this;
    context.save();
    context.beginPath();
    context.rect(Curve.LEFT, top - 2, this.plot + 2, height + 4);
    context.clip();
    context.strokeStyle = which === 4 ? colours.ink : colours[`curve${which + 1}`];
    context.lineWidth = 2;
    context.setLineDash(Curve.DASHES[which]);
    context.beginPath();
    let y = top + height;
    context.moveTo(Curve.LEFT, y);
    for (const [at, count] of points) {
      const x = this.x(at);
      context.lineTo(x, y);
      y = top + height - (height * count) / most;
      context.lineTo(x, y);
    }
    context.lineTo(this.x(view.run.end), y);
    context.stroke();
    context.restore();
  }

  moment(view) {
    const { context, colours } = this;
    const x = this.x(view.time);
    if (x < Curve.LEFT || x > Curve.LEFT + this.plot) return;
    context.strokeStyle = colours.ink;
    context.beginPath();
    context.moveTo(x, 4);
    context.lineTo(x, 182);
    context.stroke();
    context.fillStyle = colours.faint;
    context.fillText("different contents among nodes, by their digests", Curve.LEFT + 6, 130);
  }

  explain(view, key, versions) {
    const { run } = view;
    const parts = versions.map((version, at) => Dom.html("span", { class: "item" }, this.sample(at),
      `${Words.readable(key, 30)} = ${run.valueOf(key, version.rank)}: ${Curve.countAt(version.points, view.time)} of ${run.nodes.length}`));
    if (versions.length === 0) {
      parts.push(Dom.html("span", {}, run.anyStored ? "No key was stored." : "Nodes did not tell what they stored, so only the number of different contents is drawn."));
    } else {
      parts.unshift(Dom.html("span", {}, "Nodes that hold this version or a newer one: "));
    }
    Dom.replace(this.legend, parts);
  }

  sample(which) {
    return Dom.svg("svg", { width: 28, height: 8, "aria-hidden": "true" },
      Dom.svg("line", { x1: 0, x2: 28, y1: 4, y2: 4, class: `curve${which + 1}`, "stroke-dasharray": Curve.DASHES[which].join(" ") || "none" }));
  }

  static countAt(points, time) {
    let count = 0;
    for (const [at, now] of points) {
      if (at > time) break;
      count = now;
    }
    return count;
  }

  described(view, key, versions, digests) {
    const parts = versions.map((version) => `${Curve.countAt(version.points, view.time)} of ${Words.count(view.run.nodes.length, "node")} hold ${Words.readable(key, 30)} = ${view.run.valueOf(key, version.rank)} or newer`);
    return `At ${Words.time(view.time)}: ${parts.join("; ") || "no version on record"}; ${Words.count(Curve.countAt(digests, view.time), "different content")}.`;
  }
}

// The room for the numbers at the left.
Curve.LEFT = 42;
Curve.DASHES = [[], [8, 3], [2, 3], [10, 3, 2, 3], []];
