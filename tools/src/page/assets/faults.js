"use strict";

// The faults of a run, as people see them.
const Faults = (() => {
  /** Joins the directions of a link whose faults began and ended together into one fault, with its directions. */
  function merged(faults) {
    const shown = new Map();
    for (const fault of faults) {
      const { direction } = fault;
      const id = direction ? `${fault.kind} ${Run.pair(...direction)} ${fault.fromI} ${fault.toI} ${fault.shapes ?? ""}` : `${shown.size} alone`;
      const twin = shown.get(id);
      if (twin) shown.set(id, { ...twin, label: twin.both, directions: [...twin.directions, direction] });
      else shown.set(id, { ...fault, directions: direction ? [direction] : [] });
    }
    return [...shown.values()];
  }

  /** Joins the same shape of more than three links, from and to the same moment, into one fault. */
  function banded(faults) {
    const alike = new Map();
    for (const fault of faults) {
      const id = fault.kind === "shape" ? `${fault.fromI} ${fault.toI} ${fault.shapes}` : `${alike.size} alone`;
      if (!alike.has(id)) alike.set(id, []);
      alike.get(id).push(fault);
    }
    return [...alike.values()].flatMap((some) => {
      if (some.length <= 3) return some;
      const directions = some.flatMap((one) => one.directions);
      return [{ ...some[0], nodes: [...new Set(some.flatMap((one) => one.nodes))], directions, label: `${some.length} links ${some[0].shapes.join(", ")}` }];
    });
  }

  /** Returns a fault in words, with the line of the scenario that caused it. */
  function label(fault) {
    return fault.line === null || fault.line === undefined ? fault.label : `${fault.label} (line ${fault.line})`;
  }

  return { merged, banded, label };
})();
