"use strict";

// The controls of time, for a run in virtual time whose time the person holds.
const Time = (() => {
  const SPEEDS = [["1/1000", 0.001], ["1/100", 0.01], ["1/10", 0.1], ["1", 1], ["10", 10], ["as fast as possible", null]];
  const STATES = { paused: "time stands still", playing: "time goes on", running: "on the way", replaying: "going back", ended: "the run has ended" };
  const KEYS = [["space", "time goes on, stands still"], [". ,", "next event of the run, back"]];

  /** Sends a command about time; returns an error in words, or null. */
  async function send(config, command) {
    try {
      const answer = await fetch(config.time, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(command) });
      const said = await answer.json();
      return said.ok ? null : String(said.error ?? `the page's server answered ${answer.status}`);
    } catch {
      return "the page's server does not answer: it may have ended";
    }
  }

  function seconds(micros) {
    return `${(micros / 1e6).toFixed(6)} s`;
  }

  /** Returns the place of the run in words. */
  function words(place) {
    const next = place.next_us === null ? "" : `, the next event at ${seconds(place.next_us)}`;
    const target = place.target === null ? "" : `, to event ${place.target.toLocaleString("en")}`;
    return `event ${place.event.toLocaleString("en")} at ${seconds(place.at_us)}: ${STATES[place.state] ?? place.state}${target}${place.state === "paused" ? next : ""}`;
  }

  /** Returns the list of the steps that were added, each of which leads to its place. */
  function list(place, go) {
    if (place.steps.length === 0) return [];
    const items = place.steps.map((step) => Dom.html("li", { class: step.ahead ? "ahead" : "" },
      Dom.html("button", { type: "button", class: "link", title: "goes to the place of this step", on: { click: () => go(step.event) } }, `event ${step.event}, ${seconds(step.at_us)}`),
      " ", Dom.html("code", {}, step.text), step.ahead ? " (ahead: dropped if another step is added here)" : ""));
    return [Dom.html("h2", {}, "Steps added by hand"), Dom.html("ol", {}, items)];
  }

  /** Listens for keys, outside of fields and buttons. */
  function listen(actions) {
    document.addEventListener("keydown", (event) => {
      if (["INPUT", "SELECT", "TEXTAREA", "BUTTON"].includes(event.target.tagName) || event.ctrlKey || event.metaKey || event.altKey) return;
      const action = actions[event.key];
      if (!action) return;
      event.preventDefault();
      action();
    });
  }

  /** Builds the controls. `current` returns the view. */
  function build(config, current) {
    const where = Dom.html("output", { class: "place", "aria-live": "polite" }, "connecting");
    const said = Dom.html("output", { class: "said", "aria-live": "polite" });
    const steps = Dom.html("div", { class: "added" });
    const speed = Dom.html("select", { "aria-label": "Speed" }, SPEEDS.map(([label]) => Dom.html("option", {}, label)));
    speed.selectedIndex = 2;
    let place = null;

    async function act(command) {
      const view = current();
      if (view) view.follows = true;
      const error = await send(config, command);
      said.classList.toggle("failed", error !== null);
      said.textContent = error ?? "";
    }

    const goes = () => place !== null && (place.state === "playing" || place.state === "running" || place.state === "replaying");
    const toggle = () => act(goes() ? { do: "pause" } : { do: "play", speed: SPEEDS[speed.selectedIndex][1] });
    const message = () => {
      const view = current();
      if (view && view.node !== null) {
        act({ do: "next_message", node: view.node });
        return;
      }
      said.classList.add("failed");
      said.textContent = "choose a node first: click on it in the picture of the network";
    };
    const moment = () => act({ do: "line", lines: current().after });
    const button = (text, title, press) => Dom.html("button", { type: "button", title, on: { click: press } }, text);
    const play = button("▶ play", "lets time go on at the chosen speed, or stops it (space)", toggle);
    const back = () => act({ do: "back" });
    const next = () => act({ do: "next" });
    const element = Dom.html("section", { class: "panel controls time", "aria-label": "Time" },
      Dom.html("span", { class: "group", role: "group", "aria-label": "Time" },
        button("|◀ begin", "goes back to the begin of the run", () => act({ do: "event", event: 0 })),
        button("◀ back", "goes back to the event before (,)", back), play,
        button("next ▶", "goes on to the next event that the page shows (.)", next)),
      Dom.html("span", { class: "group" }, button("next message of the chosen node", "goes on until the chosen node sends or gets a message", message),
        button("next failure", "goes on to the next step that fails, or to the end", () => act({ do: "next_failure" })),
        button("go to the chosen moment", "goes to the moment that is chosen in the timeline", moment)),
      Dom.html("label", { class: "group" }, "seconds of the run in a second ", speed),
      where, steps, said);
    speed.addEventListener("change", () => { if (place && place.state === "playing") act({ do: "play", speed: SPEEDS[speed.selectedIndex][1] }); });

    listen({ " ": toggle, ".": next, ",": back });

    /** Shows the place of the run, and makes it the chosen moment unless the person chose another. */
    function show(told) {
      const before = place;
      place = told;
      where.textContent = [words(place), place.verdict, place.saved, place.note].filter((text) => text).join(" · ");
      play.textContent = goes() ? "⏸ pause" : "▶ play";
      if (before === null || JSON.stringify(before.steps) !== JSON.stringify(place.steps)) Dom.replace(steps, ...list(place, (event) => act({ do: "event", event })));
      const view = current();
      if (!view) return;
      view.seen = place.lines;
      view.redraw();
      if (!view.follows) return;
      const after = Math.min(place.lines, view.run.events.length);
      Object.assign(view, { time: Math.min(place.at_us, view.run.end), after, before: Math.max(after - 1, 0), event: null, causes: null });
      if (view.time < view.from || view.time > view.to) view.window(view.time - (view.to - view.from) / 2, view.time + (view.to - view.from) / 2);
      view.redraw();
    }

    return { element, show };
  }

  return { build, KEYS };
})();
