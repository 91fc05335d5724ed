// A replicated key-value store over HTTP, for the tests of drivers by description. The last write of a key wins.
//
//   node kv.js --name NAME --host HOST --port PORT [--peers HOST:PORT,…]
//
//   PUT /kv/KEY  GET /kv/KEY  DELETE /kv/KEY  GET /keys  GET /peers  POST /peers {"peer": "HOST:PORT"}  GET /health
'use strict';

const http = require('node:http');

/** The time between two exchanges with a neighbour, in milliseconds. */
const INTERVAL = 40;

const options = {};
for (let index = 2; index < process.argv.length; index += 2) {
  options[process.argv[index].replace(/^--/, '')] = process.argv[index + 1];
}
const own = `${options.host}:${options.port}`;

/** The entries by key: `{value, stamp}`, with the value `null` for a deleted key. */
const entries = new Map();
const peers = new Set((options.peers ?? '').split(',').filter((peer) => peer !== ''));
let clock = 0;

function store(key, entry) {
  const known = entries.get(key);
  if (known === undefined || known.stamp < entry.stamp) {
    entries.set(key, entry);
    clock = Math.max(clock, Number(entry.stamp.slice(0, 15)));
  }
}

function write(key, value) {
  clock += 1;
  store(key, { value, stamp: `${String(clock).padStart(15, '0')} ${options.name}` });
}

function request(address, method, path, body) {
  const [host, port] = address.split(':');
  return new Promise((resolve, reject) => {
    const sent = http.request({ host, port, method, path, timeout: 1000 }, (answer) => {
      let text = '';
      answer.on('data', (part) => { text += part; });
      answer.on('end', () => resolve(text));
      answer.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends everything to a neighbour and stores everything that it has. */
async function exchange(peer) {
  const all = JSON.stringify({ from: own, entries: [...entries] });
  for (const [key, entry] of JSON.parse(await request(peer, 'POST', '/exchange', all))) {
    store(key, entry);
  }
}

async function exchangeForEver(peer) {
  for (;;) {
    await exchange(peer).catch(() => {});
    await new Promise((resolve) => { setTimeout(resolve, INTERVAL); });
  }
}

function link(peer) {
  if (peer !== own && !peers.has(peer)) {
    peers.add(peer);
    exchangeForEver(peer);
  }
}

function answer(method, path, body) {
  const [, room, key] = path.split('/').map(decodeURIComponent);
  const held = entries.get(key)?.value ?? null;
  switch (`${method} ${room}`) {
    case 'GET health': return [200, 'ok'];
    case 'PUT kv': write(key, body); return [204, ''];
    case 'GET kv': return held === null ? [404, 'no such key'] : [200, held];
    case 'DELETE kv':
      if (held === null) return [404, 'no such key'];
      write(key, null);
      return [204, ''];
    case 'GET keys': return [200, JSON.stringify([...entries.keys()].filter((name) => entries.get(name).value !== null))];
    case 'GET note': return [200, process.env.KV_NOTE];
    case 'GET peers': return [200, JSON.stringify([...peers])];
    case 'POST peers': link(JSON.parse(body).peer); return [204, ''];
    case 'POST exchange': {
      const told = JSON.parse(body);
      told.entries.forEach(([name, entry]) => store(name, entry));
      link(told.from);
      return [200, JSON.stringify([...entries])];
    }
    default: return [405, `cannot ${method} ${path}`];
  }
}

const server = http.createServer((asked, answered) => {
  let body = '';
  asked.on('data', (part) => { body += part; });
  asked.on('end', () => {
    const [status, text] = answer(asked.method, asked.url, body);
    answered.writeHead(status).end(text);
  });
});
server.listen(Number(options.port), options.host, () => console.log(`listening at ${own}`));
[...peers].forEach(exchangeForEver);
