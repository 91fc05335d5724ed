"use strict";

// The arrows of messages: the form of each kind, the way of a message that was lost or held up, and its drawing.
class Arrow {
  /** Returns the points of a message: a lost one stops on its way, and a held one bends at the obstacle. */
  static path(message, x1, y1, x2, y2, heightOf) {
    if (message.lost) return [[x1, y1], [x1 + (x2 - x1) * 0.66, Math.max(y2, y1 + 4)]];
    if (message.delayed) {
      const bend = x2 - Math.sign(x2 - x1) * Math.min(20, Math.abs(x2 - x1) / 2);
      const held = Math.max(heightOf(message.delayed), y1 + 2);
      return [[x1, y1], [bend, held], [bend, Math.max(y2 - 6, held)], ...(message.arrived ? [[x2, y2]] : [])];
    }
    // One that has not arrived stops before its receiver.
    return message.arrived ? [[x1, y1], [x2, y2]] : [[x1, y1], [x1 + (x2 - x1) * 0.85, y2]];
  }

  /** Draws the line and the head of an arrow, in the form of its kind. */
  static draw(group, kind, points, message = {}) {
    const form = Arrow.KINDS[kind];
    const line = Dom.svg("polyline", { points: points.map((point) => point.join(",")).join(" "), class: `arrow ${kind}`, "stroke-dasharray": form.dash });
    group.append(line);
    const [tip, from] = [points[points.length - 1], points[points.length - 2]];
    if (message.lost) {
      group.append(Dom.svg("path", { d: `M${tip[0] - 5},${tip[1] - 5}l10,10m0,-10l-10,10`, class: "cross" }));
    } else if (message.message !== undefined && !message.arrived) {
      group.append(Dom.svg("circle", { cx: tip[0], cy: tip[1], r: 4, class: "open" }));
    } else {
      const angle = (Math.atan2(tip[1] - from[1], tip[0] - from[0]) * 180) / Math.PI;
      group.append(Dom.svg("path", { d: form.head, class: form.filled ? "tip filled" : "tip", transform: `translate(${tip[0]},${tip[1]}) rotate(${angle})` }));
    }
  }

  static classOf(message) {
    return Arrow.KINDS[message.class] && message.class !== "question" ? message.class : "other";
  }
}

// The form of each kind: its line, its head and its letter. Colours only repeat what the form says.
Arrow.KINDS = {
  payload: { label: "payload", dash: "none", head: "M0,0L-9,4.5L-9,-4.5Z", filled: true, letter: "" },
  announcement: { label: "announcement", dash: "7 4", head: "M-8,4.5L0,0L-8,-4.5", filled: false, letter: "A" },
  graft: { label: "graft", dash: "none", head: "M0,0L-5,4L-10,0L-5,-4Z", filled: false, letter: "G" },
  prune: { label: "prune", dash: "none", head: "M-1,6L-1,-6M-6,4L-6,-4", filled: false, letter: "P" },
  reconciliation: { label: "reconciliation", dash: "9 3 2 3", head: "M-8,4.5L0,0L-8,-4.5", filled: false, letter: "R" },
  handshake: { label: "handshake", dash: "2 3", head: "M0,0L-7,3.5L-7,-3.5Z", filled: false, letter: "H" },
  keep_alive: { label: "keep-alive", dash: "1 5", head: "M-6,3L0,0L-6,-3", filled: false, letter: "K" },
  other: { label: "other", dash: "none", head: "M-8,4.5L0,0L-8,-4.5", filled: false, letter: "" },
  question: { label: "question", dash: "14 4", head: "M-8,4.5L0,0L-8,-4.5", filled: false, letter: "?" },
  answered: { label: "answer", dash: "3 2", head: "M0,0L-8,4Z", filled: true, letter: "!" },
};
