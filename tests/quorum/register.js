// Replicated registers over HTTP, for the tests of workloads: a majority of the nodes stands for each read and each write
// (Attiya, Bar-Noy and Dolev 1995), so that the registers are linearizable as long as nodes keep their files.
//
//   node register.js --host HOST --port PORT --number N --data FOLDER --members HOST:PORT,…  [--mistake NAME]
//
//   PUT /kv/KEY  GET /kv/KEY  DELETE /kv/KEY  GET /keys  GET /health        for clients
//   GET /entry/KEY  PUT /entry/KEY  GET /entries                            for nodes: what one of them holds
//
// The mistakes: `stale` reads what this node holds and asks nobody, `lost` writes with a version that follows its own and not
// the newest of a majority, `divergence` does not order two writes of the same number by their authors.
'use strict';

const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');

/** The time after which a node that does not answer is not waited for, in milliseconds. */
const PATIENCE = 1000;

const options = {};
for (let index = 2; index < process.argv.length; index += 2) {
  options[process.argv[index].replace(/^--/, '')] = process.argv[index + 1];
}
const own = `${options.host}:${options.port}`;
const others = options.members.split(',').filter((member) => member !== own);
const majority = Math.floor((others.length + 1) / 2) + 1;
const author = Number(options.number);
const has = (mistake) => options.mistake === mistake;

/** The entry of a key that was never written. */
const NOTHING = { number: 0, author: 0, value: null };
/** The entries by key: a value (null if it was deleted) and its version, which is a number and an author. */
const entries = new Map();
const file = path.join(options.data, 'entries');

function isNewer(one, other) {
  return one.number > other.number
    || (one.number === other.number && one.author > other.author && !has('divergence'));
}

function held(key) {
  return entries.get(key) ?? NOTHING;
}

/** Stores an entry if it is newer. It is in the file before anybody is told. */
function store(key, entry) {
  if (isNewer(entry, held(key))) {
    fs.appendFileSync(file, `${JSON.stringify([key, entry])}\n`);
    entries.set(key, entry);
  }
}

function load() {
  if (!fs.existsSync(file)) return;
  const text = fs.readFileSync(file, 'utf8');
  // A node that was killed may have left a part of a line.
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  if (whole !== text) fs.writeFileSync(file, whole);
  const lines = whole.split('\n').slice(0, -1);
  lines.map((line) => JSON.parse(line)).forEach(([key, entry]) => entries.set(key, entry));
}

const agent = new http.Agent({ keepAlive: true });

function ask(member, method, where, body) {
  const [host, port] = member.split(':');
  return new Promise((resolve, reject) => {
    const sent = http.request({ agent, host, port, method, path: where, timeout: PATIENCE }, (answer) => {
      let text = '';
      answer.on('data', (part) => { text += part; });
      answer.on('end', () => resolve(text));
      answer.on('error', reject);
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer')));
    sent.on('error', reject);
    sent.end(body);
  }).then(JSON.parse);
}

/** Asks all other nodes. Returns the first answers that make a majority with this node. */
function askMajority(method, where, body) {
  const answers = [];
  let failures = 0;
  return new Promise((resolve, reject) => {
    const end = () => { if (answers.length === majority - 1) resolve(answers); };
    end();
    for (const member of others) {
      ask(member, method, where, body).then((answer) => { answers.push(answer); end(); }, (error) => {
        failures += 1;
        if (failures > others.length + 1 - majority) reject(error);
      });
    }
  });
}

const entryOf = (key) => `/entry/${encodeURIComponent(key)}`;

/** Returns the newest entry of a key that a majority holds. */
async function newest(key) {
  const all = await askMajority('GET', entryOf(key));
  return all.reduce((best, entry) => (isNewer(entry, best) ? entry : best), held(key));
}

/** Lets a majority hold an entry. */
async function replicate(key, entry) {
  store(key, entry);
  await askMajority('PUT', entryOf(key), JSON.stringify(entry));
}

async function read(key) {
  if (has('stale')) return held(key).value;
  const entry = await newest(key);
  // A later read must not find an older one.
  if (entry.number > 0) await replicate(key, entry);
  return entry.value;
}

async function write(key, value) {
  const found = has('lost') ? NOTHING : await newest(key);
  // What this node has stored meanwhile counts as well: no version is given twice.
  const number = Math.max(found.number, held(key).number) + 1;
  await replicate(key, { number, author, value });
}

async function keys() {
  const all = await askMajority('GET', '/entries');
  return [...new Set([...entries.keys(), ...all.flat()])];
}

async function answer(method, url, body) {
  const [, room, key] = url.split('/').map(decodeURIComponent);
  switch (`${method} ${room}`) {
    case 'GET health': return [200, 'ok'];
    case 'GET kv': {
      const value = await read(key);
      return value === null ? [404, 'no such key'] : [200, value];
    }
    case 'PUT kv': await write(key, body); return [204, ''];
    case 'DELETE kv': await write(key, null); return [204, ''];
    case 'GET keys': {
      const values = await Promise.all((await keys()).map(async (name) => [name, await read(name)]));
      return [200, JSON.stringify(values.filter(([, value]) => value !== null).map(([name]) => name))];
    }
    case 'GET entry': return [200, JSON.stringify(held(key))];
    case 'PUT entry': store(key, JSON.parse(body)); return [200, 'true'];
    case 'GET entries': return [200, JSON.stringify([...entries.keys()])];
    default: return [405, `cannot ${method} ${url}`];
  }
}

load();
http.createServer((asked, answered) => {
  let body = '';
  asked.on('data', (part) => { body += part; });
  asked.on('end', () => {
    answer(asked.method, asked.url, body)
      .catch((error) => [503, `no majority: ${error.message}`])
      .then(([status, text]) => answered.writeHead(status).end(text));
  });
}).listen(Number(options.port), options.host);
