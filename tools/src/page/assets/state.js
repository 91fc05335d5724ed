"use strict";

// The state of a run after a number of its events: what nodes held, which links were up, which faults were on.
const State = (() => {
  /** Returns the last record among the first `limit` events of the run. */
  function last(records, limit) {
    let [low, high] = [0, records.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (records[middle].i < limit) low = middle + 1;
      else high = middle;
    }
    return low === 0 ? null : records[low - 1];
  }

  function life(node, limit) {
    const record = last(node.lives, limit);
    return record ? record.life : "absent";
  }

  function digest(node, limit) {
    return last(node.digests, limit);
  }

  /** Returns a node's version of a key: its rank and value, or null. */
  function version(run, node, key, limit) {
    if (run.summary && limit >= run.events.length && run.lastContents().has(key)) {
      const rank = run.lastContents().get(key)[node.index] ?? null;
      return rank === null ? null : { rank, text: run.valueOf(key, rank), at: run.end, told: false };
    }
    const stored = last(node.stored.get(key) || [], limit);
    if (stored && stored.rank !== null) {
      return { rank: stored.rank, text: run.valueOf(key, stored.rank), at: stored.at, told: false };
    }
    if (run.anyStored) return null;
    const told = last(node.told.get(key) || [], limit);
    return told && told.text !== null ? { rank: null, text: told.text, at: told.at, told: true } : null;
  }

  /** Returns the newest rank of a key that any node has stored or written by then. */
  function newest(run, key, limit) {
    let best = null;
    for (const [rank, entry] of run.keys.get(key) || []) {
      if (entry.i < limit && (best === null || rank > best)) best = rank;
    }
    return best;
  }

  function faults(run, limit) {
    return run.faults.filter((fault) => fault.fromI < limit && (fault.toI === null || fault.toI >= limit));
  }

  /** Returns the state of a link: `up`, `down` or `none`, with its faults by direction. */
  function link(run, one, limit, on = faults(run, limit)) {
    const record = last(one.states, limit);
    const about = on.filter((fault) => {
      if (fault.kind === "partition") return apart(fault.sets, one.from, one.to);
      if (!fault.direction) return false;
      return Run.pair(...fault.direction) === Run.pair(one.from, one.to);
    });
    return { up: record ? record.up : null, faults: about };
  }

  /** Returns the index of a node's side of a partition; -1 for a node in none. */
  function side(sets, node) {
    return sets.findIndex((set) => set.includes(node));
  }

  function apart(sets, one, other) {
    const [first, second] = [side(sets, one), side(sets, other)];
    return first >= 0 && second >= 0 && first !== second;
  }

  return { last, life, digest, version, newest, faults, link, side, apart };
})();
