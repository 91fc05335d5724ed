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

  /** Returns the performer of steps, one at a time. Its buttons are disabled meanwhile. */
  function performer(config, said) {
    const buttons = [];
    let busy = false;

    function disable(disabled) {
      busy = disabled;
      for (const one of buttons) one.disabled = disabled;
    }

    async function act(steps) {
      if (busy) {
        said.textContent = `not begun: ${steps}. The step before it is not done yet.`;
        return;
      }
      disable(true);
      said.textContent = `… ${steps}`;
      const { output, error } = await perform(config, steps);
      disable(false);
      said.classList.toggle("failed", error !== null);
      const last = error ?? (output.length > 0 ? "" : `done: ${steps}`);
      said.textContent = [...output, last].filter((line) => line !== "").join("\n");
    }

    function button(text, title, press) {
      const made = Dom.html("button", { type: "button", title, on: { click: press } }, text);
      buttons.push(made);
      return made;
    }

    return { act, button };
  }

  /** Returns the listener of clicks: one on a link does what `onLink` says. */
  function linkListener(onLink, shape, current, act) {
    const isCut = (run, from, to) => run.faults.some((fault) =>
      fault.kind === "cut" && fault.to === null && fault.nodes.includes(from) && fault.nodes.includes(to));
    return (event) => {
      const edge = event.target.closest("g.edge");
      const view = current();
      if (!edge || !view) return;
      const [from, to] = [Number(edge.dataset.from), Number(edge.dataset.to)];
      const link = `${view.run.name(from)}-${view.run.name(to)}`;
      if (onLink.selectedIndex === 0) act(`${isCut(view.run, from, to) ? "join" : "cut"} ${link}`);
      else if (onLink.selectedIndex === 1) act(`link ${link} ${shape.value.trim() === "" ? "clear" : shape.value}`);
      else act(`break ${link}`);
    };
  }

  /** Lets the person draw a line around one side of a partition. */
  function drawPartition(said, current, act) {
    const picture = document.querySelector(".picture");
    if (!picture || document.querySelector(".lasso")) return;
    said.textContent = "draw a line around the nodes of one side; Escape gives up";
    Lasso.draw(picture, (nodes) => {
      const { run } = current();
      if (nodes === null) {
        said.textContent = "";
      } else if (nodes.length === 0 || nodes.length === run.nodes.length) {
        said.textContent = "no partition: a side has some of the nodes, and not all";
      } else {
        act(`partition ${nodes.map((index) => run.name(index)).join(", ")} | rest`);
      }
    });
  }

  function field(label, placeholder, size) {
    return Dom.html("input", { "aria-label": label, placeholder, size, spellcheck: "false", autocomplete: "off" });
  }

  function group(label, ...children) {
    return Dom.html("span", { class: "group", role: "group", "aria-label": label }, children);
  }

  function form(submit, ...children) {
    const submitted = (event) => {
      event.preventDefault();
      submit();
    };
    return Dom.html("form", { class: "group", on: { submit: submitted } }, children);
  }

  /** Builds the controls. `current` returns the view of the present moment. */
  function build(config, current) {
    const said = Dom.html("output", { class: "said", "aria-live": "polite" });
    const { act, button } = performer(config, said);

    /** Performs steps about the chosen node; says so if none is chosen. */
    const onNode = (steps) => {
      const view = current();
      if (view && view.node !== null) {
        act(steps(view.run.name(view.node)));
        return;
      }
      said.classList.add("failed");
      said.textContent = "choose a node first: click on it in the picture of the network";
    };

    const [key, text] = [field("Key", "key", 8), field("Value", "value", 10)];
    const shape = field("Shape of links", "delay 200ms loss 10%", 18);
    const added = field("Name of the new node", "new node", 8);
    const step = field("Any step", "any step: wait 2s, heal, expect converged", 34);
    const onLink = Dom.html("select", { "aria-label": "A click on a link" },
      ["cuts it, or joins it again", "shapes it", "breaks its connection"].map((what) => Dom.html("option", {}, what)));
    document.addEventListener("click", linkListener(onLink, shape, current, act));

    const get = () => onNode((who) => `${who}: get ${word(key.value)}`);
    const set = () => onNode((who) => `${who}: set ${word(key.value)} ${value(text.value)}`);
    const getAll = () => act(`all: get ${word(key.value)}`);
    const shapeAll = () => act(`link all ${shape.value.trim() === "" ? "clear" : shape.value}`);
    const add = () => onNode((who) => `network ${added.value.trim()}-${who}`);
    const any = () => {
      if (step.value.trim() !== "") act(step.value);
    };
    const lives = ON_NODES.map(([name, title]) => button(name, title, () => onNode((who) => `${name} ${who}`)));
    return Dom.html("section", { class: "panel controls", "aria-label": "Controls of the network" },
      group("The chosen node", "chosen node ", lives),
      form(get, key, button("get", "asks the chosen node for the key", get),
        button("get at all", "asks every node for the key; the picture then shows who answered what", getAll), text,
        button("set", "writes the value at the chosen node", set)),
      group("Links", Dom.html("label", {}, "a click on a link ", onLink), shape,
        button("shape all", "shapes all links; without a shape, clears them", shapeAll)),
      group("Partition", button("partition…", "draws a line around one side", () => drawPartition(said, current, act)),
        button("heal", "undoes cuts and partitions", () => act("heal"))),
      form(add, added, button("add node", "starts a node, linked to the chosen one", add)),
      form(any, step, button("do", "does the step", any)),
      said);
  }

  return { build, word, value };
})();
