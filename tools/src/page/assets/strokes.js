"use strict";

// Strokes on canvases that are told apart without their colours.
const Strokes = (() => {
  /** Draws slanted lines, so that a band is seen without its colour. */
  function hatch(context, x, y, width, height, colour) {
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.strokeStyle = colour;
    context.globalAlpha = 0.45;
    context.lineWidth = 1;
    context.beginPath();
    for (let at = Math.max(x - height, 0) - ((x - height) % 7); at < x + width; at += 7) {
      context.moveTo(at, y + height);
      context.lineTo(at + height, y);
    }
    context.stroke();
    context.strokeRect(x + 0.5, y + 0.5, Math.max(width - 1, 1), height - 1);
    context.restore();
  }

  /** Draws a cross. */
  function cross(context, x, y, size, colour) {
    context.strokeStyle = colour;
    context.lineWidth = 1.6;
    context.beginPath();
    context.moveTo(x - size, y - size);
    context.lineTo(x + size, y + size);
    context.moveTo(x + size, y - size);
    context.lineTo(x - size, y + size);
    context.stroke();
    context.lineWidth = 1;
  }

  return { hatch, cross };
})();
