'use strict';
// The page of a node: who it is, who else is online, and the program to take along. Texts of others are set as text.

const POLL = 2000;          // between two looks, in milliseconds
const KEPT = 60000;         // for which a node that is no longer heard stays in the list
const SHOWN = 200;          // the most nodes in the picture and the list
const SVG = 'http://www.w3.org/2000/svg';

const at = (id) => document.getElementById(id);

/** The nodes that were ever seen here, by id: {node, seen}, with the time of the last look that had it. */
const known = new Map();

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

function shape(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  return made;
}

const label = (node) => node.name || node.address || node.node.slice(0, 8);

function ago(milliseconds) {
  if (milliseconds < 2000) return 'now';
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 90 ? `${seconds} s ago` : `${Math.round(seconds / 60)} min ago`;
}

/** Returns how long ago each node was heard: by its own answer, or by a neighbour. */
function heard(nodes, now) {
  const times = new Map();
  for (const { node, seen } of nodes) times.set(node.node, now - seen);
  return times;
}

function draw(nodes) {
  const places = new Map();
  nodes.forEach(({ node }, index) => {
    const angle = 2 * Math.PI * index / nodes.length - Math.PI / 2;
    const radius = nodes.length === 1 ? 0 : 90;
    places.set(node.node, [radius * Math.cos(angle), radius * Math.sin(angle)]);
  });
  const drawn = new Set();
  const shapes = [];
  for (const { node, gone } of nodes) {
    if (gone) continue;
    for (const { to } of node.links) {
      const pair = [node.node, to].sort().join();
      const ends = [places.get(node.node), places.get(to)];
      if (drawn.has(pair) || !ends[1]) continue;
      drawn.add(pair);
      const [[x1, y1], [x2, y2]] = ends;
      shapes.push(shape('line', { x1, y1, x2, y2 }));
    }
  }
  const size = nodes.length > 60 ? 2.5 : 5;
  for (const { node, gone } of nodes) {
    const [cx, cy] = places.get(node.node);
    const circle = shape('circle', { cx, cy, r: size, class: node.here ? 'here' : gone ? 'gone' : 'node' });
    circle.append(shape('title', {}, label(node)));
    shapes.push(circle);
    if (nodes.length <= 60) {
      const name = label(node);
      shapes.push(shape('text', { x: cx, y: cy + (cy > 0 ? 13 : -8) }, name.length > 14 ? `${name.slice(0, 13)}…` : name));
    }
  }
  at('picture').replaceChildren(...shapes);
}

function show(list) {
  const now = Date.now();
  for (const node of list.nodes) known.set(node.node, { node, seen: now });
  for (const [id, { seen }] of known) if (now - seen > KEPT) known.delete(id);
  const nodes = [...known.values()].map((one) => ({ ...one, gone: one.seen !== now }));
  nodes.sort((one, other) => label(one.node).localeCompare(label(other.node), 'en', { numeric: true }));
  const times = heard(nodes, now);
  const shown = nodes.slice(0, SHOWN);
  at('nodes').replaceChildren(...shown.map(({ node, gone }) => {
    const row = element('tr', '', node.here ? 'here' : gone ? 'gone' : '');
    row.append(
      element('td', label(node) + (node.here ? ' (this one)' : '')),
      element('td', node.address),
      element('td', gone ? '' : String(node.links.length), 'number'),
      element('td', ago(times.get(node.node)), 'number'),
    );
    return row;
  }));
  const online = list.nodes.length;
  const more = nodes.length > SHOWN ? `, the first ${SHOWN} shown` : '';
  at('count').textContent = `${online} ${online === 1 ? 'node' : 'nodes'} online${list.complete ? '' : ' at least'}${more}`;
  draw(shown);
}

function introduce(stats) {
  const title = stats.name || stats.address;
  document.title = title;
  at('title').textContent = title;
  at('about').textContent =
    `at ${stats.address} in the network ${stats.network}, id ${stats.node.slice(0, 8)}, ${stats.figures.keys} keys, up for ${ago(stats.uptime_s * 1000).replace(' ago', '').replace('now', 'a moment')}`;
  const { blake3, bytes } = stats.download;
  if (blake3) {
    at('size').textContent = `${(bytes / 1e6).toFixed(1)} MB`;
    at('hash').textContent = blake3;
  }
  // The private port is of no use to others.
  const origin = at('private').hidden ? location.origin : `http://${stats.address}`;
  at('lines').textContent = [
    `curl ${origin}/download -o tools && chmod +x tools`,
    './tools node --data me/ --port 3001',
    `./tools cli --port 3001 addPeer ${stats.address}`,
  ].join('\n');
}

async function look() {
  try {
    const answers = await Promise.all(['/nodes', '/stats'].map(async (path) => {
      const answer = await fetch(path);
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json();
    }));
    at('trouble').hidden = true;
    show(answers[0]);
    introduce(answers[1]);
  } catch (error) {
    at('trouble').textContent = error instanceof TypeError ? 'This node does not answer.' : error.message;
    at('trouble').hidden = false;
  }
}

/** Finds out whether this is the person at the node's machine, and shows what that person may do. */
async function recognise() {
  const [, token] = location.hash.match(/^#token=([0-9a-f]+)$/) ?? [];
  if (token) {
    // The token stays in neither the address nor the history.
    history.replaceState(null, '', location.pathname);
    await fetch('/session', { method: 'POST', body: token });
  }
  const session = await fetch('/session');
  at('private').hidden = !session.ok;
}

at('sync').addEventListener('click', async () => {
  const answer = await fetch('/sync', { method: 'POST' });
  at('synced').textContent = (await answer.text()).trim();
});

async function run() {
  await recognise().catch(() => {});
  for (;;) {
    if (!document.hidden) await look();
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

run();
