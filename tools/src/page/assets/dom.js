"use strict";

// Elements of the page. Whatever comes from a node or a scenario enters the document here, as text: no function
// takes markup.
const Dom = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  function apply(element, attributes) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "on") {
        for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
      } else if (name === "style") {
        // The policy of the page forbids style attributes, and allows properties set from here.
        for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
      } else {
        element.setAttribute(name, value === true ? "" : String(value));
      }
    }
  }

  function append(element, children) {
    for (const child of children.flat(Infinity)) {
      if (child === null || child === undefined || child === false) continue;
      element.append(child);
    }
    return element;
  }

  /** Creates an element of HTML; strings among the children become text. */
  function html(name, attributes = {}, ...children) {
    const element = document.createElement(name);
    apply(element, attributes);
    return append(element, children);
  }

  /** Creates an element of SVG. */
  function svg(name, attributes = {}, ...children) {
    const element = document.createElementNS(SVG, name);
    apply(element, attributes);
    return append(element, children);
  }

  /** Puts these children in the place of all others. */
  function replace(element, ...children) {
    element.replaceChildren();
    append(element, children);
  }

  /** Sizes a canvas to its element and the screen, and returns its context in CSS pixels. */
  function canvas(element, height) {
    const width = Math.max(element.clientWidth, 200);
    const scale = Math.min(window.devicePixelRatio || 1, 3);
    element.style.setProperty("height", `${height}px`);
    const [pixels, rows] = [Math.round(width * scale), Math.round(height * scale)];
    if (element.width !== pixels || element.height !== rows) {
      element.width = pixels;
      element.height = rows;
    }
    const context = element.getContext("2d");
    context.setTransform(scale, 0, 0, scale, 0, 0);
    context.clearRect(0, 0, width, height);
    return { context, width };
  }

  /** Returns a text as far as it fits, with a sign that it goes on; nothing where little would be left. */
  function fitted(context, text, most) {
    const wide = context.measureText(text).width;
    if (wide <= most) return text;
    const letters = Math.floor((text.length * (most - 9)) / wide);
    return letters < 2 ? "" : `${text.slice(0, letters)}…`;
  }

  /** Returns the colours of the style sheet by name, for canvases. */
  function palette() {
    const style = getComputedStyle(document.documentElement);
    const names = [
      "ground", "panel", "ink", "faint", "line", "accent", "running", "starting", "paused", "dead", "fault", "failed",
      "held", "payload", "curve1", "curve2", "curve3", "curve4",
    ];
    return Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }

  /** Scrolls a panel into sight, by its label. */
  function reveal(label) {
    const panel = [...document.querySelectorAll(".panel")].find((one) => one.getAttribute("aria-label") === label);
    if (panel) panel.scrollIntoView({ block: "nearest" });
  }

  return { html, svg, replace, canvas, fitted, palette, reveal };
})();
