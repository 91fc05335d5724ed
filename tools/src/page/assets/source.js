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

  /** Hands over lines as a live network sends them: `line` for each, `reset` before it sends all anew. */
  function live(config, listener) {
    const events = new EventSource(config.events);
    events.addEventListener("line", (event) => listener.line(event.data));
    events.addEventListener("reset", () => listener.reset());
    events.addEventListener("open", () => listener.state("connected"));
    events.addEventListener("error", () => listener.state(events.readyState === EventSource.CLOSED ? "ended" : "connecting again"));
    return events;
  }

  /** Asks a live network to do steps; returns an error in words, or null. */
  async function act(config, body) {
    try {
      const answer = await fetch(config.do, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
      const said = await answer.json();
      return said.ok ? null : String(said.error ?? `the network answered ${answer.status}`);
    } catch {
      return "the network does not answer: it may have ended";
    }
  }

  return { data, embedded, live, act };
})();
