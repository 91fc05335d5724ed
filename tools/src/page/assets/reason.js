"use strict";

// The reason why nodes differ at the end of a run: for each node that lacks a version, what became of the
// messages that would have brought it.
const Reason = (() => {
  /** Returns the key that the failure is about: of the failed step, else the first that nodes hold differently. */
  function keyOf(run) {
    const failed = run.steps.findLast((step) => step.result === "failed");
    if (failed) {
      const named = /\bget\s+(\S+)/u.exec(failed.text);
      if (named && run.keys.has(named[1])) return named[1];
    }
    return differing(run)[0] ?? null;
  }

  function alive(node, limit) {
    return ["running", "paused"].includes(State.life(node, limit));
  }

  /** Returns the keys that living nodes hold differently at the end. */
  function differing(run) {
    const limit = run.events.length;
    const nodes = run.nodes.filter((node) => alive(node, limit));
    const keys = [];
    for (const key of run.keys.keys()) {
      const held = new Set(nodes.map((node) => heldAs(run, node, key, limit)));
      if (held.size > 1) keys.push(key);
    }
    return keys;
  }

  function heldAs(run, node, key, limit) {
    const version = State.version(run, node, key, limit);
    return version ? version.rank ?? version.text : "";
  }

  /** Returns what is missing where: a key, its newest version, the nodes with and without it. */
  function missing(run, key) {
    const limit = run.events.length;
    const rank = State.newest(run, key, limit);
    if (rank === null) return null;
    const [holders, lacking] = [[], []];
    for (const node of run.nodes) {
      if (!alive(node, limit)) continue;
      const version = State.version(run, node, key, limit);
      (version && version.rank !== null && version.rank >= rank ? holders : lacking).push(node.index);
    }
    return { key, rank, holders, lacking };
  }

  /** Returns the messages with a version to a node that never arrived. */
  function undelivered(run, lack, node) {
    const found = [];
    for (const message of run.messages.values()) {
      if (message.to !== node || message.key !== lack.key || message.arrived) continue;
      if (message.rank !== undefined && message.rank < lack.rank) continue;
      found.push(message);
    }
    return found;
  }

  /** Returns the faults that stand between a node and its neighbours at the end. */
  function between(run, node) {
    const on = Faults.merged(State.faults(run, run.events.length));
    return on.filter((fault) => (fault.directions.length > 0 ? fault.directions.some(([, to]) => to === node) : fault.nodes.includes(node)));
  }

  /** Returns the explanation as a list of findings, each with a text and the event to look at. */
  function explain(run) {
    if (run.verdict !== "failed") return [];
    if (!run.anyStored) return lostMessages(run);
    const findings = [];
    for (const key of keysToExplain(run)) {
      const lack = missing(run, key);
      if (!lack || lack.lacking.length === 0 || lack.holders.length === 0) continue;
      findings.push(summary(run, lack));
      for (const node of lack.lacking.slice(0, 5)) findings.push(...ofNode(run, lack, node));
      if (lack.lacking.length > 5) findings.push({ text: `${lack.lacking.length - 5} more nodes lack it as well`, sub: true });
    }
    return findings;
  }

  /** Returns the messages that were lost or held up to the end: all that is known of nodes that tell no versions. */
  function lostMessages(run) {
    const messages = [...run.messages.values()].filter((message) => message.lost || (message.delayed && !message.arrived));
    const findings = messages.slice(0, 5).flatMap((message) => {
      const rest = around(run, message);
      // A fault that is named says more than the reason in general.
      return [fate(run, message, rest.length === 1), ...rest];
    });
    if (messages.length > 5) findings.push({ text: `${Words.count(messages.length - 5, "more message")} did not arrive.` });
    return findings;
  }

  /** Returns the faults between the two ends of a message, and the messages of its kind that came after it. */
  function around(run, message) {
    const end = message.lost ?? message.delayed;
    const faults = Faults.merged(State.faults(run, end.i)).filter((fault) => (fault.directions.length > 0
      ? fault.directions.some(([from, to]) => from === message.from && to === message.to)
      : fault.nodes.includes(message.from) && fault.nodes.includes(message.to)));
    const findings = faults.slice(0, 3).map((fault) => ({
      text: `${Faults.label(fault)} from ${Words.time(fault.from)} ${fault.to === null ? "to the end" : `to ${Words.time(fault.to)}`}.`,
      event: fault.fromI, sub: true,
    }));
    const later = [...run.messages.values()].filter((one) =>
      one.from === message.from && one.to === message.to && one.kind === message.kind && one.at > end.at);
    const [from, to, kind] = [run.name(message.from), run.name(message.to), Words.readable(message.kind, 40)];
    const said = later.length === 0 ? `${from} sent ${to} no ${kind} after that.` : `${from} sent ${to} ${Words.count(later.length, "more message")} of the kind ${kind} after that.`;
    return [...findings, { text: said, event: later.length === 0 ? null : later[0].i, sub: true }];
  }

  function keysToExplain(run) {
    const first = keyOf(run);
    const rest = differing(run).filter((key) => key !== first);
    return (first === null ? rest : [first, ...rest]).slice(0, 3);
  }

  function summary(run, lack) {
    const written = run.values.get(`${lack.key}\n${lack.rank}`);
    const at = run.keys.get(lack.key).get(lack.rank);
    const by = written && written.node !== undefined ? `, written at ${run.name(written.node)} at ${Words.time(written.at)}` : "";
    const names = lack.lacking.map((node) => run.name(node));
    return {
      text: `${Words.list(names)} ${names.length === 1 ? "lacks" : "lack"} ${Words.readable(lack.key, 60)} = `
        + `${run.valueOf(lack.key, lack.rank)}${by}; ${Words.count(lack.holders.length, "node")} `
        + `${lack.holders.length === 1 ? "has" : "have"} it.`,
      event: at ? at.i : null, key: lack.key,
    };
  }

  function ofNode(run, lack, node) {
    const findings = [];
    const messages = undelivered(run, lack, node);
    for (const message of messages.slice(0, 3)) findings.push({ ...fate(run, message), sub: true });
    if (messages.length > 3) findings.push({ text: `${messages.length - 3} more such messages to ${run.name(node)} did not arrive`, sub: true });
    for (const fault of between(run, node).slice(0, 3)) {
      findings.push({ text: `${Faults.label(fault)}, since ${Words.time(fault.from)} and to the end.`, event: fault.fromI, sub: true });
    }
    if (messages.length === 0 && run.messages.size > 0) {
      findings.push({ text: `No message with it was sent to ${run.name(node)}.`, sub: true });
    }
    return findings;
  }

  function fate(run, message, withReason = true) {
    const what = `${Words.message(message)} from ${run.name(message.from)} to ${run.name(message.to)}, sent at ${Words.time(message.at)}`;
    if (message.lost) {
      return { text: `Lost: the ${what}${withReason ? ` (${Words.readable(message.lost.reason, 80)})` : ""}.`, event: message.lost.i, lost: true };
    }
    if (message.delayed) {
      return { text: `Held up to the end: the ${what} (${Words.readable(message.delayed.reason, 80)}).`, event: message.delayed.i, lost: true };
    }
    return { text: `Did not arrive by the end: the ${what}.`, event: message.i, lost: true };
  }

  // The messages of `explain` are marked as lost, since the receiver never had them.
  return { keyOf, differing, explain, missing };
})();
