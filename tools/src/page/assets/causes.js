"use strict";

// What happened before an event: the earlier events of its node, and those of every node whose message had
// reached it by then.
const Causes = (() => {
  /** Returns the indices of all events that happened before this one, and its own. */
  function of(run, index) {
    const found = new Set([index]);
    const reach = new Map();
    const grow = (who, to) => reach.set(who, Math.max(reach.get(who) ?? -1, to));
    const follow = (entry) => {
      if (entry.event === "arrived" || entry.event === "delayed" || entry.event === "lost") {
        const message = run.messages.get(entry.message);
        if (message) grow(message.from, message.i);
      }
      if (entry.of) grow(`op ${entry.op}`, entry.of.i);
    };
    const first = run.events[index];
    for (const who of located(run, first)) grow(who, index);
    follow(first);
    for (let i = index - 1; i >= 0; i -= 1) {
      const entry = run.events[i];
      const at = located(run, entry);
      const reached = at.some((who) => (reach.get(who) ?? -1) >= i) || (reach.get(`op ${entry.op}`) ?? -1) === i;
      if (!reached) continue;
      found.add(i);
      for (const who of at) grow(who, i);
      follow(entry);
    }
    return found;
  }

  // Events that no node takes part in: the harness or the network does them, and no node knows of them.
  const NOWHERE = new Set(["links", "partition", "wire", "link", "step", "step_ended", "chosen", "lost", "delayed"]);

  /** Returns the participants whose history an event is part of. */
  function located(run, entry) {
    if (NOWHERE.has(entry.event)) return [];
    return run.participants(entry);
  }

  return { of };
})();
