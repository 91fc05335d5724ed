"use strict";

// The page: panels around one run and one chosen moment.
const Page = (() => {
  const main = document.getElementById("page");
  const config = Source.data("live");
  const help = Keys.dialog(config && config.time ? Time.KEYS : []);
  const said = Dom.html("div", { class: "unseen", "aria-live": "polite", id: "moment" });
  let stop = () => {};
  let view = null;

  /** Builds the panels of a run. */
  function open(run, number, top) {
    stop();
    view = new View(run);
    const log = new Log();
    const [left, right] = [[new SpaceTime()], [new Topology(), new Contents(), new Curve(), new Figures()]];
    const above = [new Story(), new Timeline(), new Likelihood(), new Intervals()];
    const panels = [...above, ...left, ...right, log];
    const elements = (some) => some.map((panel) => panel.element);
    Dom.replace(main, top, Dom.html("div", { class: "panels" }, elements(above), elements(left), Dom.html("div", { class: "stack" }, elements(right)), log.element), help, said);
    for (const panel of panels) {
      panel.attach(view);
      view.add(panel);
    }
    view.onChange = () => {
      Address.write(view, number);
      said.textContent = view.event === null ? `moment ${Words.time(view.time)}` : `${Words.time(view.time)}: ${Words.event(run, run.events[view.event])}`;
      document.title = `${run.verdict ?? "live"}: ${run.plan ? Words.readable(run.plan.scenario, 80) : "run"}`;
    };
    stop = Keys.listen(view, help, log.words);
    return view;
  }

  /** Goes to where a run is best looked at first: its failure, or its end. */
  function start(opened, given) {
    opened.fit();
    opened.chooseTime(opened.run.failedAt ?? opened.run.end);
    opened.follows = true;
    Address.apply(opened, given);
  }

  function openEmbedded(runs, index, overview, given) {
    const run = new Run();
    run.summary = runs[index].summary ?? null;
    Source.embedded(index, (line) => run.push(line));
    // The search for the moment of a failure comes after the verdict, which ends the record.
    run.report = { ...runs[index].report, ...run.report, likelihood: runs[index].report.likelihood ?? null };
    if (overview) overview.mark(index);
    start(open(run, overview ? index + 1 : null, overview ? overview.element : null), given);
  }

  function file(runs) {
    let current = null;
    const none = { run: null, time: null, event: null, node: null, key: null };
    const choose = (index, given = none) => {
      current = index;
      openEmbedded(runs, index, overview, given);
    };
    const overview = runs.length > 1 ? new Overview(runs, choose) : null;
    const first = () => {
      const given = Address.read();
      const wanted = given.run === null ? null : given.run - 1;
      const index = wanted !== null && runs[wanted] && runs[wanted].events ? wanted : overview ? overview.first() : runs.length > 0 && runs[0].events ? 0 : null;
      if (index === null) Dom.replace(main, overview ? overview.element : Dom.html("p", { class: "note" }, "This page has no events of a run."), help, said);
      else choose(index, given);
    };
    first();
    window.addEventListener("hashchange", () => {
      const given = Address.read();
      const wanted = given.run === null ? current : given.run - 1;
      if (wanted !== current && runs[wanted] && runs[wanted].events) choose(wanted, given);
      else if (view) Address.apply(view, given);
    });
  }

  function live() {
    const state = Dom.html("p", { class: "note live", role: "status" }, "connecting");
    let opened = null;
    const given = Address.read();
    const current = () => opened;
    // Where the person holds time, the place of the run is the moment; else the latest event is.
    const time = config.time ? Time.build(config, current) : null;
    const controls = Controls.build(config, current);
    const top = Dom.html("div", { class: "wide" }, state, time ? time.element : null, controls);
    const begin = () => {
      const kept = opened;
      opened = open(new Run(), null, top);
      if (kept) Object.assign(opened, { node: kept.node, key: kept.key, follows: kept.follows, seen: kept.seen });
      else if (time) opened.seen = 0;
    };
    begin();
    let applied = false;
    Source.live(config, {
      line: (lines) => {
        const whole = opened.to >= opened.run.end;
        for (const line of lines.split("\n")) opened.run.push(line);
        if (opened.follows && !time) {
          const after = opened.run.events.length;
          Object.assign(opened, { time: opened.run.end, after, before: Math.max(after - 1, 0), event: null });
        }
        if (whole) opened.window(opened.from, opened.run.end * 1.02);
        else opened.redraw();
        if (!applied && given.time !== null && opened.run.end >= given.time * 1e6) {
          applied = true;
          Address.apply(opened, given);
        }
      },
      reset: begin,
      place: (text) => { if (time) time.show(JSON.parse(text)); },
      state: (text) => { state.textContent = text; },
    });
  }

  if (config) live();
  else file(Source.data("runs") ?? []);

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { if (view) view.redraw(); });
  // A canvas is printed as it is, so it gets the colours of paper first.
  matchMedia("print").addEventListener("change", () => { if (view) view.draw(); });
  window.addEventListener("resize", () => { if (view) view.redraw(); });

  return { view: () => view };
})();
