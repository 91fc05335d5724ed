"use strict";

// The operations of a workload's clients, and what the problems that its judge found say of them.
const Operations = (() => {
  /** Returns the operations by their numbers. */
  function byNumber(run) {
    if (!run.operationOf || run.operationOf.size !== run.operations.length) {
      run.operationOf = new Map(run.operations.map((one) => [one.number, one]));
    }
    return run.operationOf;
  }

  /** Returns the numbers of operations by their part in a problem. */
  function evidence(run, problem) {
    const named = new Set(problem ? problem.operations : run.problems.flatMap((one) => one.operations));
    const misfits = new Set(problem ? problem.misfits ?? [] : run.problems.flatMap((one) => one.misfits ?? []));
    const order = (problem && problem.order) || [];
    return { named, misfits, order, all: new Set([...named, ...misfits, ...order]) };
  }

  /** Returns the times at which operations can have taken effect, in this order: each as soon as it could. */
  function points(run, order) {
    const operations = byNumber(run);
    const found = [];
    let time = 0;
    order.forEach((number, place) => {
      const one = operations.get(number);
      if (!one) return;
      time = Math.max(time, one.begin_us);
      found.push({ one, time, place });
    });
    return found;
  }

  /** Returns the span of time of the operations that show a problem, or null. */
  function span(run, problem) {
    if (!problem) return null;
    const operations = byNumber(run);
    const some = [...problem.operations, ...(problem.misfits ?? [])].map((number) => operations.get(number)).filter(Boolean);
    if (some.length === 0) return null;
    return [Math.min(...some.map((one) => one.begin_us)), Math.max(...some.map((one) => one.at))];
  }

  /** Returns an operation in a few letters, for its bar. */
  function short(one) {
    const asked = one.words.join(" ");
    return one.outcome !== "ok" || one.answer === "done" ? asked : `${asked} → ${one.answer}`;
  }

  /** Returns an operation in words. */
  function words(run, one) {
    const outcome = { ok: "", failed: "did not happen: ", unknown: "may have happened: " }[one.outcome] ?? "";
    return `#${one.number} client ${one.client} at ${run.name(one.node)}, ${Words.time(one.begin_us)} to ${Words.time(one.at)}: `
      + `${one.last ? "final " : ""}${Words.readable(one.words.join(" "), 160)} → ${outcome}${Words.readable(one.answer, 200)}`;
  }

  function misfitsInWords(problem) {
    const misfits = problem.misfits ?? [];
    if (misfits.length === 0) return "";
    const names = misfits.map((number) => `#${number}`);
    const fit = Words.count((problem.order ?? []).length, "other");
    return `${misfits.length === 1 ? "Operation" : "Operations"} ${Words.list(names)} ${misfits.length === 1 ? "does" : "do"} not fit; ${fit} can be ordered.`;
  }

  return { byNumber, evidence, points, span, short, words, misfitsInWords };
})();
