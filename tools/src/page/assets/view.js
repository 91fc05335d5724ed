"use strict";

// The choices of the person at the page: a moment, a part of time, a node, a key. All panels draw from them.
class View {
  constructor(run) {
    this.run = run;
    this.panels = [];
    this.time = 0;
    // The events up to the moment, and before it: the state after the moment holds the first `after` events.
    this.after = 0;
    this.before = 0;
    this.event = null;
    this.node = null;
    this.key = null;
    this.causes = null;
    this.follows = true;
    this.from = 0;
    this.to = 1;
    // The room for names at the left of the timeline, with which others are aligned.
    this.left = 64;
    this.scheduled = false;
    // True if the next frame draws every panel, and not only those that show a part of time.
    this.whole = true;
    // The number of events that have happened, of a run whose time the person holds; null of any other.
    this.seen = null;
    this.onChange = () => {};
  }

  /** Returns true if the person holds the time of the run. */
  isHeld() {
    return this.seen !== null;
  }

  /** Returns true unless an event lies ahead of a run whose time the person holds. */
  isSeen(index) {
    return this.seen === null || index < this.seen;
  }

  add(panel) {
    this.panels.push(panel);
  }

  /** Draws all panels before the next frame, or only those that show a part of time. */
  redraw(whole = true) {
    this.whole ||= whole;
    if (this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.draw(this.whole);
    });
  }

  /** Draws all panels now, or only those that show a part of time. */
  draw(whole = true) {
    if (whole) this.whole = false;
    for (const panel of this.panels) if (whole || panel.showsWindow) panel.draw(this);
    this.onChange(this);
  }

  /** Shows the whole run. */
  fit() {
    this.window(0, Math.max(this.run.end, 1) * 1.02);
  }

  /** Shows a part of time, within the run and no shorter than a few microseconds. All panels are drawn, unless
   * nothing else has changed. */
  window(from, to, whole = true) {
    const all = Math.max(this.run.end * 1.02, 1);
    const span = Math.min(Math.max(to - from, 5), all);
    this.from = Math.min(Math.max(from, 0), all - span);
    this.to = this.from + span;
    this.redraw(whole);
  }

  /** Zooms about a time; a factor below one shows less of the run. */
  zoom(factor, about) {
    const left = (about - this.from) * factor;
    const right = (this.to - about) * factor;
    this.window(about - left, about + right, false);
  }

  pan(share) {
    const by = (this.to - this.from) * share;
    this.window(this.from + by, this.to + by, false);
  }

  /** Chooses a moment by its time. */
  chooseTime(time) {
    this.time = Math.min(Math.max(time, 0), this.run.end);
    this.event = null;
    this.after = this.run.limitAt(this.time);
    this.before = this.run.limitAt(this.time - 1);
    this.causes = null;
    this.chosen();
  }

  /** Chooses an event: the moment at which it, and nothing after it, has happened. */
  chooseEvent(index, withCauses = false) {
    const entry = this.run.events[index];
    if (!entry) return;
    this.event = index;
    this.time = entry.at;
    this.after = index + 1;
    this.before = index;
    this.causes = withCauses ? Causes.of(this.run, index) : null;
    this.chosen();
  }

  /** Chooses the span of a step: before is its begin, and after is its end. */
  chooseStep(step) {
    this.time = step.to ?? this.run.end;
    this.event = null;
    this.before = step.fromI;
    this.after = step.toI === null ? this.run.events.length : step.toI + 1;
    this.causes = null;
    this.chosen();
  }

  chosen() {
    this.follows = false;
    if (this.time < this.from || this.time > this.to) {
      const half = (this.to - this.from) / 2;
      this.window(this.time - half, this.time + half);
    }
    this.redraw();
  }

  chooseNode(node) {
    this.node = node === this.node ? null : node;
    this.redraw();
  }

  chooseKey(key) {
    this.key = key;
    this.redraw();
  }

  /** Goes to the next or the previous event that a person can see, of the chosen node if there is one. */
  step(by) {
    const events = this.run.events;
    let index = this.event ?? (by > 0 ? this.after - 1 : this.after);
    for (index += by; index >= 0 && index < events.length; index += by) {
      if (!View.SEEN.has(events[index].event)) continue;
      if (this.node !== null && !this.run.participants(events[index]).includes(this.node)) continue;
      this.chooseEvent(index);
      return;
    }
  }

  /** Returns the key that panels are about: the chosen one, else the one that matters most. */
  shownKey() {
    if (this.key !== null) return this.key;
    return Reason.keyOf(this.run) ?? this.run.keys.keys().next().value ?? null;
  }
}

View.SEEN = new Set([
  "step", "launch", "signal", "ask", "answer", "refused", "unknown", "failed", "links", "partition", "clock", "disk", "life",
  "link", "stored", "sent", "arrived", "lost", "delayed", "exited", "misbehaved", "flooded", "held", "verdict",
]);

// The room at the right of the timeline.
View.RIGHT = 10;
