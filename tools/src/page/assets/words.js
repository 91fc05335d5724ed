"use strict";

// Texts for people: times, values, counts, and a sentence for each event.
const Words = (() => {
  const CLIP = 300;
  // Control characters, and those that turn the direction of text or take no room.
  const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

  /** Returns a text in which hidden characters can be seen, cut to a length. */
  function readable(text, most = CLIP) {
    const all = String(text);
    const shown = all.slice(0, most).replace(HIDDEN, (one) => `\\u{${one.codePointAt(0).toString(16)}}`);
    if (all.length <= most) return shown;
    return most < 60 ? `${shown.slice(0, -1)}…` : `${shown}… (${all.length} characters)`;
  }

  /** Returns a value as scenarios write it: words as they are, and anything else as JSON. */
  function value(given, most = CLIP) {
    if (given === null || given === undefined) return "nothing";
    return readable(typeof given === "string" ? given : JSON.stringify(given), most);
  }

  function trimmed(number, digits) {
    return number.toFixed(digits).replace(/\.?0+$/u, "");
  }

  /** Returns a time or a duration in microseconds in the unit that reads best. */
  function time(us) {
    if (us < 0) return `-${time(-us)}`;
    if (us < 1000 && us !== 0) return `${Math.round(us)} µs`;
    if (us < 1e6 && us !== 0) return `${trimmed(us / 1000, 3)} ms`;
    if (us < 600e6) return `${trimmed(us / 1e6, 6) || "0"} s`;
    const whole = Math.floor(us / 1e6);
    return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  }

  /** Returns a duration to three figures. */
  function about(us) {
    if (us < 1000) return `${Math.round(us)} µs`;
    if (us < 1e6) return `${Number((us / 1000).toPrecision(3))} ms`;
    return us < 600e6 ? `${Number((us / 1e6).toPrecision(3))} s` : time(us);
  }

  /** Returns the seconds of a time, as the address of the page has them. */
  function seconds(us) {
    return trimmed(us / 1e6, 6);
  }

  function count(number, noun) {
    return `${number} ${noun}${number === 1 ? "" : "s"}`;
  }

  /** Joins some names, and counts the rest. */
  function list(names, most = 12) {
    const shown = names.slice(0, most).join(", ");
    return names.length > most ? `${shown} and ${names.length - most} more` : shown;
  }

  function shapes(one) {
    return one.shapes && one.shapes.length > 0 ? one.shapes.join(", ") : "clear";
  }

  /** Returns changes of links in words. Both directions of a link with the same change are one. */
  function changes(run, all) {
    const isTwin = (one, other) => one.from === other.to && one.to === other.from && one.change === other.change && shapes(one) === shapes(other);
    return all.flatMap((one) => {
      if (typeof one === "string") return ["a link changes"];
      const twin = all.length <= 200 && all.some((other) => isTwin(one, other));
      if (twin && one.from > one.to) return [];
      const link = `${run.name(one.from)}${twin ? "–" : "→"}${run.name(one.to)}`;
      return [one.change === "shape" ? `${link}: ${shapes(one)}` : `${one.change} ${link}`];
    });
  }

  /** Returns a message in words, such as "push of nom". */
  /** Returns the seed of a report or of a plan. It may exceed what a number holds here; the command has it in full. */
  function seed(of) {
    const written = of.again ? /--seed (\d+)/u.exec(of.again) : null;
    return written ? written[1] : String(of.seed);
  }

  function message(one) {
    const kind = readable(one.kind || one.class, 40);
    if (one.keys > 1) return `${kind} of ${readable(one.key, 40)} and ${one.keys - 1} more`;
    if (one.key !== undefined) return `${kind} of ${readable(one.key, 60)}`;
    return one.body === undefined ? kind : `${kind} ${readable(one.body, 60)}`;
  }

  function operation(run, entry) {
    const op = run.ops.get(entry.op);
    if (!op) return "an operation";
    if (op.event === "ask") return `${run.name(op.node)}: ${readable(op.words.join(" "), 80)}`;
    if (op.event === "wire") return `wire ${run.name(op.from)} to ${run.name(op.to)}`;
    if (op.event === "launch") return `start of ${run.name(op.node)}`;
    if (op.event === "signal") return `${op.signal} of ${run.name(op.node)}`;
    return op.event;
  }

  function carried(run, entry, verb) {
    const one = run.messages.get(entry.message);
    if (!one) return `a message ${verb}`;
    return `${message(one)} from ${run.name(one.from)} to ${run.name(one.to)} ${verb}`;
  }

  const SENTENCES = {
    plan: (run, e) => `the run of ${readable(e.scenario, 80)} begins`,
    node: (run, e) => `node ${readable(e.name, 80)} gets its place`,
    step: (run, e) => `line ${e.line}: ${readable(e.text, 120)}`,
    step_ended: (run, e) => `step ${e.step} is ${e.result}`,
    chosen: (run, e) => `${readable(e.who, 40)} is ${list(e.nodes.map((node) => run.name(node)))}`,
    launch: (run, e) => `${run.name(e.node)} is started`,
    signal: (run, e) => `${run.name(e.node)} gets the signal ${readable(String(e.signal), 20)}`,
    ask: (run, e) => `${run.name(e.node)} is asked: ${readable(e.words.join(" "), 120)}`,
    wire: (run, e) => `${run.name(e.from)} is told to connect to ${run.name(e.to)}`,
    links: (run, e) => list(changes(run, e.changes), 6),
    partition: (run, e) => (e.sets.length === 0 ? "the partition is healed" : `partition ${sides(run, e.sets)}`),
    clock: (run, e) => `the clock of ${run.name(e.node)} is shifted by ${e.offset_ms} ms`,
    disk: (run, e) => `the disk of ${run.name(e.node)} ${e.full ? "is full" : "has room again"}`,
    done: (run, e) => `${operation(run, e)}: done`,
    answer: (run, e) => `${operation(run, e)} = ${value(e.value, 120)}`,
    refused: (run, e) => `${operation(run, e)}: refused, ${readable(e.message, 120)}`,
    unknown: (run, e) => `${operation(run, e)}: effect unknown, ${readable(e.reason, 120)}`,
    failed: (run, e) => `${operation(run, e)}: failed, ${readable(e.reason, 120)}`,
    unasked: (run, e) => `${operation(run, e)}: not asked in time`,
    changed: (run, e) => `${run.name(e.node)} holds other contents or has other neighbours: digest ${readable(e.digest, 12)}, ${count(e.peers, "neighbour")}`,
    life: (run, e) => `${run.name(e.node)} is ${readable(e.life, 20)}`,
    link: (run, e) => `link ${run.name(e.from)}–${run.name(e.to)} is ${e.up ? "up" : "down"}`,
    stored: (run, e) => `${run.name(e.node)} stores ${readable(e.key, 60)} = ${run.valueOf(e.key, e.rank)}`,
    sent: (run, e) => carried(run, e, "is sent"),
    arrived: (run, e) => carried(run, e, "arrives"),
    lost: (run, e) => carried(run, e, `is lost (${readable(e.reason, 60)})`),
    delayed: (run, e) => carried(run, e, `is held up (${readable(e.reason, 60)})`),
    exited: (run, e) => `${run.name(e.node)} has ended`,
    misbehaved: (run, e) => `${run.name(e.node)} broke its protocol: ${readable(e.reason, 120)}`,
    flooded: (run, e) => `${run.name(e.node)} ${readable(e.reason, 120)}`,
    held: (run, e) => `the expectation of line ${e.line} holds`,
    operation: (run, e) => Operations.words(run, e),
    problem: (run, e) => `problem: ${readable(e.message, 160)}`,
    measured: (run, e) => `${readable(e.name, 60)} is measured`,
    verdict: (run, e) => `the run ends: ${readable(e.verdict, 20)}`,
    law: (run, e) => `law ${readable(e.law, 40)}: ${readable(e.state, 20)}`,
  };

  function sides(run, sets) {
    return sets.map((set) => list(set.map((node) => run.name(node)), 6)).join(" | ");
  }

  /** Returns a sentence for an event. */
  function event(run, one) {
    const sentence = SENTENCES[one.event];
    return sentence ? sentence(run, one) : readable(one.event, 40);
  }

  return { seed, readable, value, time, about, seconds, count, list, shapes, message, event, sides };
})();
