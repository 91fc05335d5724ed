"use strict";

// Places for nodes in a picture, from the links between them. The same links give the same places.
const Layout = (() => {
  /** Returns a point for each node, in a box of 0 to 1. */
  function of(count, links) {
    const near = neighbours(count, links);
    const following = breadthFirst(near);
    let points = circle(count, following);
    if (count > 2 && !isRing(near)) points = stressed(points, near);
    return boxed(points);
  }

  /** Returns all nodes in an order in which neighbours follow each other as far as an order allows. */
  function order(count, links) {
    return breadthFirst(neighbours(count, links));
  }

  function neighbours(count, links) {
    const near = Array.from({ length: count }, () => []);
    for (const { from, to } of links) {
      if (from === to || from >= count || to >= count) continue;
      near[from].push(to);
      near[to].push(from);
    }
    return near;
  }

  function isRing(near) {
    return near.every((others) => new Set(others).size === 2);
  }

  function breadthFirst(near) {
    const sorted = [];
    const seen = new Array(near.length).fill(false);
    for (let start = 0; start < near.length; start += 1) {
      if (seen[start]) continue;
      // Depth first keeps the nodes of a ring and of a line beside each other.
      const stack = [start];
      while (stack.length > 0) {
        const node = stack.pop();
        if (seen[node]) continue;
        seen[node] = true;
        sorted.push(node);
        for (const other of [...near[node]].reverse()) if (!seen[other]) stack.push(other);
      }
    }
    return sorted;
  }

  function circle(count, following) {
    const points = new Array(count);
    following.forEach((node, at) => {
      const angle = (2 * Math.PI * at) / Math.max(count, 1) - Math.PI / 2;
      points[node] = [Math.cos(angle), Math.sin(angle)];
    });
    return points;
  }

  function distances(near) {
    return near.map((_, start) => {
      const row = new Array(near.length).fill(Infinity);
      row[start] = 0;
      const queue = [start];
      for (const node of queue) {
        for (const other of near[node]) {
          if (row[other] === Infinity) {
            row[other] = row[node] + 1;
            queue.push(other);
          }
        }
      }
      // Components stand beside each other.
      return row.map((far) => (far === Infinity ? Math.sqrt(near.length) + 1 : far));
    });
  }

  /** Moves nodes so that distances in the picture come close to those in the graph (stress majorisation). */
  function stressed(start, near) {
    const far = distances(near);
    const size = Math.max(...far.map((row) => Math.max(...row)));
    const points = start.map(([x, y]) => [(x * size) / 2, (y * size) / 2]);
    for (let round = 0; round < Math.max(120, 20_000 / near.length); round += 1) {
      points.forEach((here, node) => {
        let [x, y, weights] = [0, 0, 0];
        points.forEach((there, other) => {
          if (other === node) return;
          const weight = 1 / far[node][other] ** 2;
          const [dx, dy] = [here[0] - there[0], here[1] - there[1]];
          const scale = far[node][other] / Math.max(Math.hypot(dx, dy), 1e-6);
          x += weight * (there[0] + dx * scale);
          y += weight * (there[1] + dy * scale);
          weights += weight;
        });
        points[node] = [x / weights, y / weights];
      });
    }
    return laidFlat(points);
  }

  /** Turns the picture so that its longest extent is level. */
  function laidFlat(points) {
    const mean = [0, 1].map((axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length);
    let [xx, yy, xy] = [0, 0, 0];
    for (const point of points) {
      const [x, y] = [point[0] - mean[0], point[1] - mean[1]];
      xx += x * x;
      yy += y * y;
      xy += x * y;
    }
    const angle = -Math.atan2(2 * xy, xx - yy) / 2;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    const turned = points.map(([x, y]) => [x * cos - y * sin, x * sin + y * cos]);
    return turned[0][0] > turned[turned.length - 1][0] ? turned.map(([x, y]) => [-x, y]) : turned;
  }

  function boxed(points) {
    if (points.length === 0) return points;
    const [xs, ys] = [points.map((point) => point[0]), points.map((point) => point[1])];
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
    const whole = Math.max(width, height, 1e-6);
    return points.map(([x, y]) => [(x - left + (whole - width) / 2) / whole, (y - top + (whole - height) / 2) / whole]);
  }

  return { of, order };
})();
