"use strict";

// Explanations of the words of scenarios, for people who do not know them.
const Plainly = (() => {
  const WORLDS = {
    process: "each node is a process on one machine, in real time",
    netns: "each node is a process with a network of its own, in real time",
    sim: "nodes are simulated in virtual time; the seed brings the same run back",
  };

  const CONDITIONS = [
    [/^contains (.+)$/u, (what) => `answers with ${what} among others`],
    [/^== (.+)$/u, (what) => `answers with ${what}`],
    [/^in (.+)$/u, (what) => `answers with one of ${what}`],
    [/^matches (.+)$/u, (what) => `answers with a text like ${what}`],
    [/^fails (.+)$/u, (what) => `refuses, since it is ${what.replaceAll("_", " ")}`],
    [/^([<>]=?) (.+)$/u, (sign, what) => `answers with a number ${sign} ${what}`],
  ];

  function world(name) {
    return WORLDS[name] ?? "";
  }

  /** Says what an expectation asks of nodes; null for one that has no such sentence. */
  function expectation(text) {
    if (text.length > 300) return null;
    const found = /^expect\s+(any\s+)?([^:]+?)\s*:\s*(.+?)\s+(contains|==|in|matches|fails|agree|[<>]=?)(?:\s+(.+?))?(?:\s+(within|for)\s+(\S+))?\s*(?:#.*)?$/u.exec(text.trim());
    if (!found) return null;
    const [, any, who, asked, verb, what, how, time] = found;
    const when = how === "within" ? `at some moment within ${time}` : how === "for" ? `all the time for ${time}` : "now";
    if (verb === "agree") return `In plain words: asked \u201c${asked}\u201d, ${who} have to give equal answers, ${when}.`;
    const form = CONDITIONS.map(([pattern, say]) => [pattern.exec(`${verb} ${what ?? ""}`), say]).find(([match]) => match);
    if (!form) return null;
    const subject = any ? `one of ${who}` : who === "all" ? "each node" : who;
    return `In plain words: asked \u201c${asked}\u201d, ${subject} ${form[1](...form[0].slice(1))}, ${when}.`;
  }

  return { world, expectation };
})();
