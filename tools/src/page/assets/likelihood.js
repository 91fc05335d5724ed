"use strict";

// The answer to the question when the run was lost: from points along the run, the rest was drawn anew, and the curve
// is the share of these runs that fail. Aligned with the timeline.
class Likelihood {
  constructor() {
    this.showsWindow = true;
    this.canvas = Dom.html("canvas", { class: "likelihood", tabindex: "0", role: "img" });
    this.told = Dom.html("p", { class: "note" });
    this.element = Dom.html("section", { class: "panel wide lost-when", "aria-label": "When was it lost?", hidden: true },
      Dom.html("h2", {}, "When was it lost?", Dom.html("span", { class: "hint" }, "share of runs drawn anew from a moment that fail · click: a moment")),
      this.canvas, this.told);
    this.drawn = null;
  }

  attach(view) {
    this.view = view;
    this.canvas.addEventListener("click", (event) => this.choose(event.offsetX));
    this.canvas.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && this.turn.certain) view.chooseTime(this.turn.certain.at_us);
    });
  }

  /** Chooses the moment of the point that was clicked, or the moment itself where no point is near. */
  choose(x) {
    const { view } = this;
    const near = this.points.map((point) => ({ point, far: Math.abs(this.x(point.at_us) - x) })).sort((one, other) => one.far - other.far)[0];
    if (near && near.far <= Likelihood.NEAR) view.chooseTime(near.point.at_us);
    else view.chooseTime(Math.round(view.from + ((x - view.left) / this.plot) * (view.to - view.from)));
  }

  /** Returns the last point from which a run is spared, and the first from which all fail. */
  static turn(points) {
    const last = points.findLastIndex((point) => point.failed < point.runs);
    return { spared: points[last] ?? null, certain: points[last + 1] ?? null };
  }

  draw(view) {
    const found = view.run.report && view.run.report.likelihood;
    this.points = found ? found.points.filter((point) => point.runs > 0) : [];
    this.element.hidden = this.points.length === 0;
    if (this.element.hidden) return;
    this.turn = Likelihood.turn(this.points);
    const { context, width } = Dom.canvas(this.canvas, Likelihood.HEIGHT);
    this.plot = width - view.left - View.RIGHT;
    Object.assign(this, { context, colours: Dom.palette() });
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    this.drawFrame(view);
    this.drawCurve(view);
    this.drawMoments(view);
    if (this.drawn !== found) this.tell(view, found);
    this.drawn = found;
  }

  x(time) {
    return this.view.left + ((time - this.view.from) / (this.view.to - this.view.from)) * this.plot;
  }

  static y(point) {
    return Likelihood.TOP + Likelihood.ROOM * (1 - point.failed / point.runs);
  }

  drawFrame(view) {
    const { context, colours } = this;
    context.strokeStyle = colours.line;
    for (const share of [0, 0.5, 1]) {
      const y = Math.round(Likelihood.TOP + Likelihood.ROOM * (1 - share)) + 0.5;
      context.beginPath();
      context.moveTo(view.left, y);
      context.lineTo(view.left + this.plot, y);
      context.stroke();
      context.fillStyle = colours.faint;
      context.textAlign = "right";
      context.fillText(`${share * 100} %`, view.left - 5, y);
    }
    context.textAlign = "left";
  }

  drawCurve(view) {
    const { context, colours } = this;
    context.save();
    context.beginPath();
    context.rect(view.left, 0, this.plot + 1, Likelihood.HEIGHT);
    context.clip();
    context.strokeStyle = colours.failed;
    context.lineWidth = 2;
    context.beginPath();
    this.points.forEach((point, at) => {
      if (at === 0) context.moveTo(this.x(point.at_us), Likelihood.y(point));
      else context.lineTo(this.x(point.at_us), Likelihood.y(point));
    });
    context.stroke();
    context.lineWidth = 1;
    for (const point of this.points) {
      context.fillStyle = point.failed < point.runs ? colours.panel : colours.failed;
      context.beginPath();
      context.arc(this.x(point.at_us), Likelihood.y(point), 3.5, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
    context.restore();
  }

  drawMoments(view) {
    const { context, colours } = this;
    const { certain } = this.turn;
    const line = (time, colour, dash) => {
      if (time < view.from || time > view.to) return null;
      const x = Math.round(this.x(time)) + 0.5;
      context.strokeStyle = colour;
      context.setLineDash(dash);
      context.lineWidth = 1.5;
      context.beginPath();
      context.moveTo(x, 0);
      context.lineTo(x, Likelihood.HEIGHT);
      context.stroke();
      context.setLineDash([]);
      context.lineWidth = 1;
      return x;
    };
    line(view.time, colours.ink, []);
    const x = certain && line(certain.at_us, colours.failed, [5, 3]);
    if (!x) return;
    const label = "certain from here";
    const wide = context.measureText(label).width + 8;
    const left = x + wide > view.left + this.plot ? x - wide : x;
    context.fillStyle = colours.failed;
    context.fillRect(left, 0, wide, 15);
    context.fillStyle = colours.panel;
    context.fillText(label, left + 4, 8);
  }

  /** Says the answer in words, with the command of a run that is spared. */
  tell(view, found) {
    const { spared, certain } = this.turn;
    const place = (point) => Dom.html("button", { class: "link", on: { click: () => view.chooseTime(point.at_us) } },
      `event ${point.event} (${Words.time(point.at_us)})`);
    const runs = found.points.reduce((sum, point) => sum + point.runs, 0);
    const answer = spared && certain ? ["Lost between ", place(spared), " and ", place(certain), "."]
      : certain ? ["Lost from the beginning: every run drawn anew fails, so that chance has no part in it."]
        : ["Not lost at ", place(spared), ", the last point that was tried."];
    const saved = found.points.findLast((point) => point.spared_by !== null);
    const command = saved && view.run.report.again
      ? [" A run that is not lost: ", Dom.html("code", {}, Words.readable(`${view.run.report.again} --reseed-at ${saved.event}:${saved.spared_by}`, 2000))] : [];
    const [from, to] = [this.points[0].at_us, this.points[this.points.length - 1].at_us];
    const margin = Math.max((to - from) * 0.1, 50);
    const nearer = Dom.html("button", { class: "link", on: { click: () => view.window(from - margin, to + margin) } }, "zoom to the points");
    Dom.replace(this.told, answer, " ", nearer, ".", command,
      ` ${Words.count(runs, "run")} were drawn anew in ${Words.about(found.took_ms * 1000)}${found.stopped ? "; the search was stopped before it was finer" : ""}.`);
    this.canvas.setAttribute("aria-label", `Share of runs drawn anew that fail: ${this.points.map((point) => `${point.failed} of ${point.runs} at ${Words.time(point.at_us)}`).slice(0, 40).join(", ")}`);
  }
}

Likelihood.HEIGHT = 96;
Likelihood.TOP = 20;
Likelihood.ROOM = 68;
Likelihood.NEAR = 6;
