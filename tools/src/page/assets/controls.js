"use strict";

// The controls of a live network. Each press is a step of the scenario language, done as `tools do` does it.
const Controls = (() => {
  const ON_NODES = [
    ["kill", "ends the node at once"], ["start", "starts it again, with the same links"], ["stop", "ends it in an orderly way"],
    ["restart", "stops it and starts it again"], ["pause", "freezes it"], ["resume", "thaws it"],
  ];

  /** Sends steps, and returns the lines they printed and the error in words, if there was one. */
  async function perform(config, steps) {
    try {
      const answer = await fetch(config.do, {
        method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ steps }),
      });
      const said = await answer.json();
      return { output: said.output ?? [], error: said.error ?? (said.ok ? null : `the network answered ${answer.status}`) };
    } catch {
      return { output: [], error: "the network does not answer: it may have ended" };
    }
  }

  /** Returns a text as a word of the language, which has the escapes of JSON. */
  function word(text) {
    if (/^[A-Za-z0-9_.:/+@-]+$/u.test(text)) return text;
    return JSON.stringify(text).replaceAll("$", "$$$$");
  }

  /** Returns a value of the language: JSON as it is, other text quoted. */
  function value(text) {
    try {
      JSON.parse(text);
      return text.includes("\n") ? word(text) : text.trim().replaceAll("$", "$$$$");
    } catch {
      return word(text);
    }
  }

  /** Builds the controls. `current` returns the view of the present moment. */
  function build(config, current) {
    const said = Dom.html("output", { class: "said", "aria-live": "polite" });
    const buttons = [];
    let busy = false;

    async function act(steps) {
      if (busy) {
        said.textContent = `not begun: ${steps}. The step before it is not done yet.`;
        return;
      }
      busy = true;
      for (const button of buttons) button.disabled = true;
      said.textContent = `… ${steps}`;
      const { output, error } = await perform(config, steps);
      busy = false;
      for (const button of buttons) button.disabled = false;
      said.classList.toggle("failed", error !== null);
      said.textContent = [...output, error ?? (output.length > 0 ? "" : `done: ${steps}`)].filter((line) => line !== "").join("\n");
    }

    function button(text, title, press) {
      const made = Dom.html("button", { type: "button", title, on: { click: press } }, text);
      buttons.push(made);
      return made;
    }

    /** Returns the name of the chosen node; says so if none is. */
    function node() {
      const view = current();
      if (view && view.node !== null) return view.run.name(view.node);
      said.classList.add("failed");
      said.textContent = "choose a node first: click on it in the picture of the network";
      return null;
    }

    const onNode = (steps) => {
      const name = node();
      if (name !== null) act(steps(name));
    };
    const field = (label, placeholder, size) => Dom.html("input", { "aria-label": label, placeholder, size, spellcheck: "false", autocomplete: "off" });
    const group = (label, ...children) => Dom.html("span", { class: "group", role: "group", "aria-label": label }, children);

    const [key, text] = [field("Key", "key", 8), field("Value", "value", 10)];
    const shape = field("Shape of links", "delay 200ms loss 10%", 18);
    const added = field("Name of the new node", "new node", 8);
    const step = field("Any step", "any step: wait 2s, heal, expect converged", 34);
    const form = (submit, ...children) => Dom.html("form", { class: "group", on: { submit: (event) => { event.preventDefault(); submit(); } } }, children);

    const onLink = Dom.html("select", { "aria-label": "A click on a link" },
      ["cuts it, or joins it again", "shapes it", "breaks its connection"].map((what) => Dom.html("option", {}, what)));

    /** Does what a click on a link is for. */
    function clickLink(event) {
      const edge = event.target.closest("g.edge");
      const view = current();
      if (!edge || !view) return;
      const [from, to] = [Number(edge.dataset.from), Number(edge.dataset.to)];
      const link = `${view.run.name(from)}-${view.run.name(to)}`;
      const isCut = view.run.faults.some((fault) => fault.kind === "cut" && fault.to === null && fault.nodes.includes(from) && fault.nodes.includes(to));
      if (onLink.selectedIndex === 0) act(`${isCut ? "join" : "cut"} ${link}`);
      else if (onLink.selectedIndex === 1) act(`link ${link} ${shape.value.trim() === "" ? "clear" : shape.value}`);
      else act(`break ${link}`);
    }
    document.addEventListener("click", clickLink);

    function lasso() {
      const picture = document.querySelector(".picture");
      if (!picture || document.querySelector(".lasso")) return;
      said.textContent = "draw a line around the nodes of one side; Escape gives up";
      Lasso.draw(picture, (nodes) => {
        const { run } = current();
        if (nodes === null) said.textContent = "";
        else if (nodes.length === 0 || nodes.length === run.nodes.length) said.textContent = "no partition: a side has some of the nodes, and not all";
        else act(`partition ${nodes.map((index) => run.name(index)).join(", ")} | rest`);
      });
    }

    return Dom.html("section", { class: "panel controls", "aria-label": "Controls of the network" },
      group("The chosen node", "chosen node ", ON_NODES.map(([name, title]) => button(name, title, () => onNode((who) => `${name} ${who}`)))),
      form(() => onNode((who) => `${who}: get ${word(key.value)}`), key,
        button("get", "asks the chosen node for the key", () => onNode((who) => `${who}: get ${word(key.value)}`)), text,
        button("set", "writes the value at the chosen node", () => onNode((who) => `${who}: set ${word(key.value)} ${value(text.value)}`))),
      group("Links", Dom.html("label", {}, "a click on a link ", onLink), shape,
        button("shape all", "shapes all links; without a shape, clears them", () => act(`link all ${shape.value.trim() === "" ? "clear" : shape.value}`))),
      group("Partition", button("partition…", "draws a line around one side", lasso), button("heal", "undoes cuts and partitions", () => act("heal"))),
      form(() => onNode((who) => `network ${added.value.trim()}-${who}`), added,
        button("add node", "starts a node, linked to the chosen one", () => onNode((who) => `network ${added.value.trim()}-${who}`))),
      form(() => { if (step.value.trim() !== "") act(step.value); }, step, button("do", "does the step", () => { if (step.value.trim() !== "") act(step.value); })),
      said);
  }

  return { build, word, value };
})();
