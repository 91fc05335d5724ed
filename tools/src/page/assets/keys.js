"use strict";

// The keys of the page, and the list of them that `?` shows.
const Keys = (() => {
  const LIST = [
    ["← →", "previous, next event (of the chosen node)"], ["shift ← →", "move the timeline"], ["+ −", "zoom about the moment"],
    ["0", "the whole run"], ["Home End", "begin, end"], ["f", "the failure"], ["l", "next lost message"], ["c", "causes of the chosen event"],
    ["Esc", "no causes, no node"], ["/", "search the logs"], ["?", "this list"],
  ];

  function dialog(more) {
    const rows = [...LIST, ...more].map(([key, what]) => Dom.html("tr", {}, Dom.html("th", { scope: "row" }, Dom.html("kbd", {}, key)), Dom.html("td", {}, what)));
    return Dom.html("dialog", { class: "keys", "aria-label": "Keys" }, Dom.html("h2", {}, "Keys"), Dom.html("table", {}, Dom.html("tbody", {}, rows)),
      Dom.html("form", { method: "dialog" }, Dom.html("button", {}, "close")));
  }

  function nextLost(view) {
    const ends = view.run.lost.map((message) => message.lost.i).sort((one, other) => one - other);
    const next = ends.find((index) => index > (view.event ?? view.after - 1)) ?? ends[0];
    if (next !== undefined) view.chooseEvent(next, true);
  }

  function press(view, help, search, event) {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(event.target.tagName);
    if (typing || event.ctrlKey || event.metaKey || event.altKey) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const actions = {
      ArrowRight: () => (event.shiftKey ? view.pan(0.2) : view.step(1)),
      ArrowLeft: () => (event.shiftKey ? view.pan(-0.2) : view.step(-1)),
      "+": () => view.zoom(0.6, view.time), "=": () => view.zoom(0.6, view.time), "-": () => view.zoom(1 / 0.6, view.time),
      0: () => view.fit(), Home: () => view.chooseTime(0), End: () => view.chooseTime(view.run.end),
      f: () => { if (view.run.failedAt !== null) view.chooseTime(view.run.failedAt); },
      l: () => nextLost(view),
      c: () => { if (view.event !== null) view.chooseEvent(view.event, true); },
      Escape: () => { view.causes = null; view.node = null; view.redraw(); },
      "/": () => search.focus(),
      "?": () => help.showModal(),
    };
    const action = actions[event.key];
    if (!action || help.open) return;
    event.preventDefault();
    action();
  }

  /** Listens for keys; returns the function that ends it. */
  function listen(view, help, search) {
    const listener = (event) => press(view, help, search, event);
    document.addEventListener("keydown", listener);
    return () => document.removeEventListener("keydown", listener);
  }

  return { dialog, listen };
})();
