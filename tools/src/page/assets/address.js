"use strict";

// The address of a moment: `#run=2&t=4.318&e=120&node=c&key=nom`, to be sent to a colleague.
const Address = (() => {
  function read() {
    const found = new URLSearchParams(location.hash.slice(1));
    const number = (name) => {
      const text = found.get(name);
      return text !== null && text !== "" && Number.isFinite(Number(text)) ? Number(text) : null;
    };
    return { run: number("run"), time: number("t"), event: number("e"), node: found.get("node"), key: found.get("key") };
  }

  /** Puts the choices of a view into the address. */
  function write(view, run) {
    const next = new URLSearchParams();
    if (run !== null) next.set("run", String(run));
    if (!view.follows) next.set("t", Words.seconds(view.time));
    if (view.event !== null) next.set("e", String(view.event));
    if (view.node !== null) next.set("node", view.run.nodes[view.node].name);
    if (view.key !== null) next.set("key", view.key);
    const text = `#${next.toString()}`;
    if (text !== location.hash && !(text === "#" && location.hash === "")) history.replaceState(null, "", text);
  }

  /** Makes the choices of the address in a view. */
  function apply(view, given) {
    if (given.node !== null) {
      const index = view.run.nodes.findIndex((node) => node.name === given.node);
      view.node = index >= 0 ? index : null;
    }
    if (given.key !== null && view.run.keys.has(given.key)) view.key = given.key;
    const entry = given.event === null ? undefined : view.run.events[given.event];
    const time = given.time === null ? null : Math.round(given.time * 1e6);
    // The number of an event counts only beside its time: another page may have kept other events.
    if (entry && (time === null || entry.at === time)) view.chooseEvent(given.event);
    else if (time !== null) view.chooseTime(time);
  }

  return { read, write, apply };
})();
