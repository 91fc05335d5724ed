"use strict";

// The timeline: steps as blocks, faults as bands, a lane for each node. Drawn on a canvas, since a run may have
// thousands of each.
class Timeline {
  constructor() {
    this.showsWindow = true;
    this.canvas = Dom.html("canvas", { class: "timeline", tabindex: "0", role: "img" });
    this.tip = Dom.html("div", { class: "tip", hidden: true, "aria-hidden": "true" });
    this.note = Dom.html("p", { class: "note gap", hidden: true });
    this.element = Dom.html("section", { class: "panel wide", "aria-label": "Timeline" },
      Dom.html("h2", {}, "Timeline",
        Dom.html("span", { class: "hint" }, "click: a moment · wheel: zoom · drag: move · ← → events · ? keys")),
      Dom.html("div", { class: "holds-tip" }, this.canvas, this.tip), this.note);
    this.spots = [];
    this.drag = null;
  }

  attach(view) {
    this.view = view;
    const canvas = this.canvas;
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY)) view.pan((event.deltaX || event.deltaY) / 800);
      else view.zoom(Math.exp(Math.sign(event.deltaY) * Math.min(Math.abs(event.deltaY), 120) / 400), this.timeAt(event.offsetX));
    }, { passive: false });
    canvas.addEventListener("pointerdown", (event) => {
      this.drag = { x: event.offsetX, from: view.from, to: view.to, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => this.move(event));
    canvas.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    canvas.addEventListener("pointerup", (event) => {
      if (this.drag && !this.drag.moved) this.click(event.offsetX, event.offsetY);
      this.drag = null;
    });
  }

  move(event) {
    const { view, drag } = this;
    if (drag) {
      const by = event.offsetX - drag.x;
      if (Math.abs(by) > 3) drag.moved = true;
      if (drag.moved) {
        const span = drag.to - drag.from;
        const shift = (by / this.plot) * span;
        view.window(drag.from - shift, drag.to - shift, false);
      }
      return;
    }
    const spot = this.spotAt(event.offsetX, event.offsetY);
    this.tip.hidden = !spot;
    if (spot) {
      this.tip.textContent = spot.label;
      this.tip.style.setProperty("left", `${Math.min(event.offsetX + 12, this.canvas.clientWidth - 260)}px`);
      this.tip.style.setProperty("top", `${event.offsetY + 14}px`);
    }
  }

  spotAt(x, y) {
    return this.spots.findLast((spot) => x >= spot.x - 2 && x <= spot.x + spot.width + 2 && y >= spot.y && y <= spot.y + spot.height);
  }

  click(x, y) {
    const spot = this.spotAt(x, y);
    if (spot && spot.choose) spot.choose();
    else if (x < this.left) this.chooseLane(y);
    else this.view.chooseTime(Math.round(this.timeAt(x)));
  }

  chooseLane(y) {
    const lane = this.lanes && Math.floor((y - this.lanes.top) / this.lanes.height);
    if (lane >= 0 && lane < this.view.run.nodes.length) this.view.chooseNode(lane);
  }

  timeAt(x) {
    const { from, to } = this.view;
    return from + ((x - this.left) / this.plot) * (to - from);
  }

  draw(view) {
    const { run } = view;
    const nodes = run.nodes.length;
    const height = nodes <= 30 ? 18 : Math.max(420 / nodes, 0.35);
    const depths = Math.min(Math.max(...run.steps.map((step) => step.depth + 1), 1), 4);
    this.top = { axis: 0, steps: 22, faults: 22 + depths * 17 + 4 };
    const bands = this.bandRows(view);
    this.lanes = { top: this.top.faults + bands.rows * 15 + 6, height };
    const whole = this.lanes.top + nodes * height + 6;
    const { context, width } = Dom.canvas(this.canvas, whole);
    this.left = nodes <= 60 ? this.margin(context, run) : 64;
    this.plot = width - this.left - View.RIGHT;
    view.left = this.left;
    Object.assign(this, { context, width, whole, colours: Dom.palette(), spots: [] });
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.drawAxis(view);
    this.drawGaps(view);
    this.drawLanes(view);
    this.drawBands(view, bands);
    this.drawSteps(view, depths);
    this.drawMarks(view);
    this.drawMoments(view);
    this.canvas.setAttribute("aria-label", this.described(view));
  }

  margin(context, run) {
    context.font = "11px system-ui, sans-serif";
    const widths = run.nodes.slice(0, 60).map((node) => context.measureText(Words.readable(node.name, 24)).width);
    // The names of clients, below, need their room on the same scale.
    const least = run.operations.length > 0 ? 44 : 30;
    return Math.min(Math.max(...widths, least) + 16, this.canvas.clientWidth / 4);
  }

  x(time) {
    const { from, to } = this.view;
    const x = this.left + ((time - from) / (to - from)) * this.plot;
    return Math.min(Math.max(x, this.left - 1), this.left + this.plot + 1);
  }

  text(words, x, y, most, colour) {
    const { context } = this;
    context.fillStyle = colour;
    context.fillText(Dom.fitted(context, words, most), x, y);
  }

  drawAxis(view) {
    const { context, colours } = this;
    const unit = Timeline.unit((view.to - view.from) / Math.max(this.plot / 110, 1));
    for (let time = Math.ceil(view.from / unit) * unit; time <= view.to; time += unit) {
      const x = Math.round(this.x(time)) + 0.5;
      context.strokeStyle = colours.line;
      context.lineWidth = 1;
      context.beginPath();
      context.moveTo(x, 14);
      context.lineTo(x, this.whole);
      context.stroke();
      const label = Words.time(time);
      // A label that would reach beyond the picture is left out; the line stays.
      if (x + 3 + context.measureText(label).width > this.width) continue;
      context.fillStyle = colours.faint;
      context.fillText(label, x + 3, 9);
    }
  }

  /** Draws a large run's number of events, dotted where the page leaves events out. */
  drawGaps(view) {
    const { summary } = view.run;
    this.note.hidden = !summary;
    if (!summary) return;
    const { context, colours } = this;
    const left = Object.values(summary.left_out).reduce((sum, one) => sum + one, 0);
    const here = summary.gaps.some(([from, to]) => view.time > from && view.time < to);
    this.note.textContent = `${left} of ${summary.lines} events are left out of this page, where the timeline is dotted; run.jsonl has all.`
      + `${here ? " The chosen moment lies there: panels show what was known before it." : ""}`;
    context.fillStyle = colours.faint;
    for (const [from, to] of summary.gaps) {
      if (to < view.from || from > view.to) continue;
      for (let x = this.x(from) + 2; x < this.x(to); x += 5) context.fillRect(x, this.whole - 4, 2, 2);
    }
    this.drawDensity(view, summary.density);
  }

  drawDensity(view, density) {
    const { context, colours } = this;
    const counts = density.sent.length > 0 ? density.sent : density.stored;
    const most = Math.max(...counts, 1);
    context.fillStyle = colours.payload;
    context.globalAlpha = 0.35;
    counts.forEach((count, at) => {
      const [x, right] = [this.x(at * density.width_us), this.x((at + 1) * density.width_us)];
      const height = (14 * count) / most;
      if (right > x) context.fillRect(x, 18 - height, Math.max(right - x, 0.5), height);
    });
    context.globalAlpha = 1;
  }

  static unit(least) {
    const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
    return [1, 2, 5, 10].map((factor) => factor * power).find((unit) => unit >= least) || 10 * power;
  }

  /** Returns the faults with a band, once for each state of the run. */
  faults(run) {
    if (!this.merged || this.merged.run !== run || this.merged.version !== run.version) {
      this.merged = { run, version: run.version, list: Faults.banded(Faults.merged(run.faults.slice(0, 800))).slice(0, 400) };
    }
    return this.merged.list;
  }

  /** Gives faults rows, so that none covers another. */
  bandRows(view) {
    const ends = [];
    const rows = new Map();
    for (const fault of this.faults(view.run)) {
      let row = ends.findIndex((end) => end <= fault.from);
      if (row < 0) row = ends.length;
      if (row >= 6) row = 5;
      ends[row] = fault.to ?? Infinity;
      rows.set(fault, row);
    }
    return { rows: Math.max(Math.min(ends.length, 6), 0), of: rows };
  }

  drawBands(view, bands) {
    const { context, colours } = this;
    const ends = [];
    for (const [fault, row] of bands.of) {
      const to = fault.to ?? view.run.end;
      if (to < view.from || fault.from > view.to) continue;
      const [x, right] = [this.x(fault.from), this.x(to)];
      const y = this.top.faults + row * 15;
      const width = Math.max(right - x, 2);
      // The last row has all that found no other; one that begins on another has its lanes alone.
      const covered = x < (ends[row] ?? 0);
      context.fillStyle = colours.fault;
      context.globalAlpha = 0.22;
      if (!covered) context.fillRect(x, y, width, 13);
      const lanes = fault.nodes.length * this.lanes.height > 4000 ? [] : fault.nodes;
      if (fault.kind !== "down") {
        for (const node of lanes) context.fillRect(x, this.lanes.top + node * this.lanes.height, width, this.lanes.height);
      }
      context.globalAlpha = 1;
      const label = Faults.label(fault);
      if (covered) continue;
      ends[row] = right;
      Strokes.hatch(context, x, y, width, 13, colours.fault);
      this.text(context.measureText(label).width < width - 6 ? label : fault.label, x + 4, y + 7, width - 6, colours.ink);
      const until = fault.to === null ? "to the end" : `to ${Words.time(fault.to)}`;
      this.spot(x, y, width, 13, `${label}: ${Words.time(fault.from)} ${until}`, () => view.chooseEvent(fault.fromI));
    }
  }

  drawSteps(view, depths) {
    const { context, colours } = this;
    for (const step of view.run.steps) {
      const to = step.to ?? view.run.end;
      if (to < view.from || step.from > view.to) continue;
      const [x, right] = [this.x(step.from), this.x(to)];
      const width = Math.max(right - x, 2);
      const y = this.top.steps + Math.min(step.depth, depths - 1) * 17;
      const failed = step.result === "failed";
      context.fillStyle = failed ? colours.failed : colours.accent;
      context.globalAlpha = step.kind === "expect" || failed ? 0.3 : 0.16;
      context.fillRect(x, y, width, 15);
      context.globalAlpha = 1;
      context.strokeStyle = failed ? colours.failed : colours.line;
      context.strokeRect(Math.round(x) + 0.5, y + 0.5, Math.max(Math.round(width) - 1, 1), 14);
      const sign = failed ? "✗ " : step.heldAt !== null ? "✓ " : "";
      this.text(sign + Words.readable(step.text, 80), x + 4, y + 8, width - 6, colours.ink);
      const how = failed ? "failed" : step.heldAt !== null ? `held after ${Words.about(step.heldAt - step.from)}` : step.result || "under way";
      this.spot(x, y, width, 15, `line ${step.line}: ${Words.readable(step.text, 160)} — ${how}, ${Words.about(to - step.from)}`, () => view.chooseStep(step));
    }
  }

  spot(x, y, width, height, label, choose) {
    if (this.spots.length < 4000) this.spots.push({ x, y, width, height, label, choose });
  }

  drawLanes(view) {
    const { context, colours } = this;
    const { top, height } = this.lanes;
    const named = height >= 11;
    const bar = named ? 7 : Math.max(height - 1, height * 0.9);
    for (const node of view.run.nodes) {
      const y = top + node.index * height;
      if (view.node === node.index) {
        context.fillStyle = colours.accent;
        context.globalAlpha = 0.15;
        context.fillRect(0, y, this.width, Math.max(height, 2));
        context.globalAlpha = 1;
      }
      if (named) this.text(Words.readable(node.name, 24), 6, y + height / 2, this.left - 12, colours.ink);
      node.lives.forEach((life, at) => {
        const until = node.lives[at + 1] ? node.lives[at + 1].at : view.run.end;
        if (until < view.from || life.at > view.to) return;
        this.drawLife(life.life, this.x(life.at), this.x(until), y + (height - bar) / 2, bar);
      });
    }
    if (!named) this.drawMeans(view);
  }

  /** Names some lanes where there are too many to name all. */
  drawMeans(view) {
    const { top, height } = this.lanes;
    const every = Math.ceil(40 / height);
    for (let node = 0; node < view.run.nodes.length; node += every) {
      this.text(Words.readable(view.run.nodes[node].name, 10), 6, top + node * height + 6, this.left - 10, this.colours.faint);
    }
  }

  drawLife(life, x, right, y, bar) {
    const { context, colours } = this;
    const width = Math.max(right - x, 1);
    const colour = { running: colours.running, starting: colours.starting, paused: colours.paused, ending: colours.starting }[life];
    if (colour) {
      context.fillStyle = colour;
      context.fillRect(x, y, width, bar);
      if (life === "paused" && bar >= 5) Strokes.hatch(context, x, y - 2, width, bar + 4, colours.ink);
      return;
    }
    if (bar < 3) return;
    context.strokeStyle = colours.dead;
    context.setLineDash([2, 3]);
    context.beginPath();
    context.moveTo(x, y + bar / 2);
    context.lineTo(x + width, y + bar / 2);
    context.stroke();
    context.setLineDash([]);
    if (life === "exited" || life === "stopped") Strokes.cross(this.context, x, y + bar / 2, 3.5, colours.ink);
  }

  /** Marks writes with triangles, stored versions with ticks, and lost messages with crosses. */
  drawMarks(view) {
    const { run } = view;
    const { height, top } = this.lanes;
    if (height < 4) return;
    const first = run.limitAt(view.from - 1);
    const last = run.limitAt(view.to);
    if (last - first > 20_000) return;
    for (let i = first; i < last; i += 1) {
      const entry = run.events[i];
      if (entry.event === "stored") this.tick(this.x(entry.at), top + entry.node * height, height);
      if (entry.event === "lost") this.mark(view, entry, run.messages.get(entry.message));
      if (entry.event === "answer" && entry.written && entry.of && ["set", "delete"].includes(entry.of.words[0])) this.triangle(view, entry);
    }
  }

  tick(x, y, height) {
    const { context, colours } = this;
    context.strokeStyle = colours.ink;
    context.globalAlpha = 0.6;
    context.beginPath();
    context.moveTo(x, y + 2);
    context.lineTo(x, y + height - 2);
    context.stroke();
    context.globalAlpha = 1;
  }

  mark(view, entry, message) {
    if (!message || typeof message.to !== "number") return;
    const [x, y] = [this.x(entry.at), this.lanes.top + (message.to + 0.5) * this.lanes.height];
    Strokes.cross(this.context, x, y, 4, this.colours.failed);
    this.spot(x - 5, y - 6, 10, 12, `${Words.time(entry.at)}: ${Words.event(view.run, entry)}`, () => view.chooseEvent(entry.i, true));
  }

  triangle(view, entry) {
    const { context, colours } = this;
    const [x, y] = [this.x(entry.at), this.lanes.top + (entry.of.node + 0.5) * this.lanes.height];
    context.fillStyle = colours.payload;
    context.strokeStyle = colours.panel;
    context.beginPath();
    context.moveTo(x, y - 6);
    context.lineTo(x + 5, y + 5);
    context.lineTo(x - 5, y + 5);
    context.closePath();
    context.fill();
    context.stroke();
    this.spot(x - 5, y - 6, 10, 12, `${Words.time(entry.at)}: ${Words.event(view.run, entry)}`, () => view.chooseEvent(entry.i));
  }

  drawMoments(view) {
    const { context, colours } = this;
    const line = (time, colour, dash, label, y) => {
      if (time < view.from || time > view.to) return;
      const x = Math.round(this.x(time)) + 0.5;
      context.strokeStyle = colour;
      context.lineWidth = 2;
      context.setLineDash(dash);
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, this.whole);
      context.stroke();
      context.setLineDash([]);
      context.lineWidth = 1;
      const wide = context.measureText(label).width + 8;
      // Near the right end a label stands at the left of its line.
      const at = x + wide > this.width ? x - wide : x;
      context.fillStyle = colour;
      context.fillRect(at, y, wide, 17);
      context.fillStyle = colours.panel;
      context.fillText(label, at + 4, y + 9);
    };
    if (view.run.failedAt !== null) line(view.run.failedAt, colours.failed, [5, 4], "✗ failed", this.whole - 18);
    line(view.time, colours.ink, [], Words.time(view.time), 0);
  }

  described(view) {
    const { run } = view;
    const faults = this.faults(run).filter((fault) => fault.kind !== "down").slice(0, 12).map((fault) => `${Faults.label(fault)} from ${Words.time(fault.from)}`);
    return `Timeline of ${Words.count(run.nodes.length, "node")} and ${Words.count(run.steps.length, "step")} over ${Words.time(run.end)}. `
      + `${faults.length > 0 ? `Faults: ${faults.join("; ")}. ` : ""}Chosen moment: ${Words.time(view.time)}.`;
  }
}
