"use strict";

// The keys and versions that nodes held before and after the chosen moment. Keys on which nodes differ come
// first, then those that change at the moment.
class Contents {
  constructor() {
    this.body = Dom.html("div", { class: "scroll" });
    this.note = Dom.html("p", { class: "note" });
    this.element = Dom.html("section", { class: "panel", "aria-label": "Contents of nodes" },
      Dom.html("h2", {}, "Contents", Dom.html("span", { class: "hint" }, "before → after the moment, differences first")), this.note, this.body);
  }

  attach(view) {
    this.view = view;
  }

  draw(view) {
    const { run } = view;
    const nodes = this.columns(view);
    const rows = [...run.keys.keys()].slice(0, 2000).map((key) => this.row(view, nodes, key));
    rows.sort((one, other) => other.weight - one.weight);
    const shown = rows.slice(0, Contents.ROWS);
    const known = run.keys.size > 0 || run.nodes.some((node) => node.digests.length > 0);
    const table = known && Dom.html("table", { class: "contents" },
      Dom.html("thead", {}, Dom.html("tr", {}, Dom.html("th", { scope: "col" }, "key"),
        nodes.map((node) => Dom.html("th", { scope: "col", class: view.node === node.index ? "chosen" : "" }, run.name(node.index))))),
      Dom.html("tbody", {}, this.digests(view, nodes), shown.map((row) => this.line(view, nodes, row))));
    Dom.replace(this.body, known ? table : "");
    this.say(run, nodes, rows.length - shown.length, known);
  }

  /** Returns the nodes with a column: all if there are few, else one for each different content. */
  columns(view) {
    const { run } = view;
    if (run.nodes.length <= Contents.COLUMNS) return run.nodes;
    const different = new Map();
    for (const node of run.nodes) {
      const digest = State.digest(node, view.after);
      const id = `${State.life(node, view.after)} ${digest ? digest.digest : ""}`;
      if (!different.has(id)) different.set(id, []);
      different.get(id).push(node);
    }
    const some = [...different.values()].sort((one, other) => one.length - other.length).flatMap((group) => group.slice(0, 2));
    const chosen = view.node === null ? [] : [run.nodes[view.node]];
    return [...new Set([...chosen, ...some])].slice(0, Contents.COLUMNS).sort((one, other) => one.index - other.index);
  }

  row(view, nodes, key) {
    const cells = nodes.map((node) => ({
      node,
      before: State.version(view.run, node, key, view.before),
      after: State.version(view.run, node, key, view.after),
      life: State.life(node, view.after),
    }));
    const alive = cells.filter((cell) => cell.life === "running" || cell.life === "paused");
    const differs = new Set(alive.map((cell) => Contents.identity(cell.after))).size > 1;
    const changes = cells.some((cell) => Contents.identity(cell.before) !== Contents.identity(cell.after));
    return { key, cells, differs, changes, newest: State.newest(view.run, key, view.after), weight: (differs ? 2 : 0) + (changes ? 1 : 0) };
  }

  static identity(version) {
    return version ? version.rank ?? version.text : null;
  }

  line(view, nodes, row) {
    const name = Dom.html("button", { class: "link", on: { click: () => view.chooseKey(row.key) } }, Words.readable(row.key, 60));
    return Dom.html("tr", { class: row.differs ? "differs" : "" },
      Dom.html("th", { scope: "row", class: row.key === view.shownKey() ? "chosen" : "" }, row.differs ? "≠ " : "= ", name),
      row.cells.map((cell) => this.cell(cell, row.newest)));
  }

  cell(cell, newest) {
    const { before, after } = cell;
    const text = (version) => (version ? version.text : "—");
    const changed = Contents.identity(before) !== Contents.identity(after);
    const stale = after && after.rank !== null && newest !== null && after.rank < newest;
    const state = [changed ? "changed" : "", stale ? "stale" : "", after ? "" : "none"].join(" ").trim();
    const title = after ? `since ${Words.time(after.at)}${after.told ? ", as it answered" : ""}${stale ? "; a newer version exists" : ""}` : "no version";
    return Dom.html("td", { class: state, title },
      changed ? [Dom.html("del", {}, text(before)), " → ", Dom.html("ins", {}, text(after))] : text(after), stale ? " (older)" : "");
  }

  /** Returns the row of digests: equal letters mean equal contents. */
  digests(view, nodes) {
    const letters = new Map();
    const cells = nodes.map((node) => {
      const life = State.life(node, view.after);
      const record = State.digest(node, view.after);
      if (life === "exited" || life === "stopped" || life === "absent") return Dom.html("td", { class: "none" }, life === "absent" ? "—" : "down");
      if (!record) return Dom.html("td", { class: "none" }, "—");
      if (!letters.has(record.digest)) letters.set(record.digest, Topology.letter(letters.size));
      return Dom.html("td", { title: `digest (number of versions and a fingerprint of them): ${Words.readable(record.digest, 80)}; ${Words.count(record.peers, "neighbour")}` },
        `${letters.get(record.digest)} `, Dom.html("small", {}, Contents.versions(record.digest)));
    });
    return Dom.html("tr", { class: letters.size > 1 ? "digests differs" : "digests" },
      Dom.html("th", { scope: "row", title: "Equal letters: equal contents, as nodes told last by a digest of all they hold" }, letters.size > 1 ? "≠ all keys" : "= all keys"), cells);
  }

  /** Returns the number of versions that a digest counts, in words. */
  static versions(digest) {
    const count = digest.split(":")[0];
    return /^\d{1,15}$/u.test(count) ? Words.count(Number(count), "version") : Words.readable(digest, 8);
  }

  say(run, nodes, more, known) {
    const notes = [];
    if (!run.anyStored && run.keys.size > 0) notes.push("Nodes did not tell what they stored; these are their last answers to get.");
    if (!known) notes.push("Nodes told no contents; what they answered stands with the questions.");
    else if (run.keys.size === 0) notes.push("No key was written or read by this moment.");
    if (nodes.length < run.nodes.length) notes.push(`${nodes.length} of ${run.nodes.length} nodes are shown, of each content two at most.`);
    if (more > 0) notes.push(`${Words.count(more, "more key")} on which nodes agree are left out.`);
    this.note.textContent = notes.join(" ");
    this.note.hidden = notes.length === 0;
  }
}

Contents.ROWS = 60;
Contents.COLUMNS = 24;
