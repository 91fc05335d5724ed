"use strict";

// The source of a run's lines: the page itself, or a live network that sends them.
const Source = (() => {
  /** Returns the data of an element of JSON in the page, or null. */
  function data(id) {
    const element = document.getElementById(id);
    return element ? JSON.parse(element.textContent) : null;
  }

  /** Hands over all lines of a run in the page. */
  function embedded(index, push) {
    const element = document.getElementById(`events-${index}`);
    if (!element) return;
    for (const line of element.textContent.split("\n")) {
      if (line !== "") push(line);
    }
  }

  /** Hands over lines as they come: `line` for some, one a line; `reset` before all come anew; `place` where a run is. */
  function live(config, listener) {
    const events = new EventSource(config.events);
    events.addEventListener("line", (event) => listener.line(event.data));
    events.addEventListener("place", (event) => listener.place(event.data));
    events.addEventListener("reset", () => listener.reset());
    events.addEventListener("open", () => listener.state("connected"));
    events.addEventListener("end", () => {
      events.close();
      listener.state("ended");
    });
    events.addEventListener("error", () => listener.state(events.readyState === EventSource.CLOSED ? "ended" : "connecting again"));
    return events;
  }

  return { data, embedded, live };
})();
