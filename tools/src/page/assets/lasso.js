"use strict";

// The lasso: a line drawn around nodes of the picture of the network.
const Lasso = (() => {
  /** Returns true if a point lies inside of a line that is closed (the rule of even and odd crossings). */
  function encloses(line, [x, y]) {
    let inside = false;
    for (let i = 0, j = line.length - 1; i < line.length; j = i, i += 1) {
      const [[x1, y1], [x2, y2]] = [line[i], line[j]];
      if ((y1 > y) !== (y2 > y) && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
    }
    return inside;
  }

  /** Returns the indices of the nodes of a picture inside of a line, in the coordinates of the window. */
  function enclosed(picture, line) {
    // A picture without an element for each node tells where they are.
    if (picture.points) return picture.points().filter(([, x, y]) => encloses(line, [x, y])).map(([node]) => node);
    const nodes = [];
    for (const vertex of picture.querySelectorAll("[data-node]")) {
      const box = vertex.querySelector("circle").getBoundingClientRect();
      if (encloses(line, [box.left + box.width / 2, box.top + box.height / 2])) nodes.push(Number(vertex.dataset.node));
    }
    return nodes;
  }

  /**
   * Lays a sheet over the picture, on which the person draws one line. Calls `done` with the nodes inside, or
   * with null if the person gave up.
   */
  function draw(picture, done) {
    const box = picture.getBoundingClientRect();
    const path = Dom.svg("path", { fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-dasharray": "5 4" });
    const sheet = Dom.svg("svg", { class: "lasso", "aria-label": "Draw a line around nodes", style: {
      position: "fixed", left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px`,
      cursor: "crosshair", "touch-action": "none", "z-index": "5", outline: "1px dashed",
    } }, path);
    const line = [];
    const end = (nodes) => {
      sheet.remove();
      document.removeEventListener("keydown", escape);
      document.removeEventListener("scroll", giveUp);
      done(nodes);
    };
    const giveUp = () => end(null);
    const escape = (event) => { if (event.key === "Escape") giveUp(); };
    sheet.addEventListener("pointerdown", (event) => {
      sheet.setPointerCapture(event.pointerId);
      line.length = 0;
      line.push([event.clientX, event.clientY]);
    });
    sheet.addEventListener("pointermove", (event) => {
      if (line.length === 0) return;
      line.push([event.clientX, event.clientY]);
      path.setAttribute("d", `M${line.map(([x, y]) => `${x - box.left},${y - box.top}`).join("L")}`);
    });
    sheet.addEventListener("pointerup", () => end(enclosed(picture, line)));
    sheet.addEventListener("pointercancel", giveUp);
    document.addEventListener("keydown", escape);
    document.addEventListener("scroll", giveUp, { once: true });
    document.body.append(sheet);
  }

  return { draw, encloses };
})();
