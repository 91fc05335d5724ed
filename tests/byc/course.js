// A node that behaves as the nodes of a course do: node course.js --port=3000 [--step=1] [--as-published]
//
// In step 1 a node keeps the first value of a key, with a date of its own, and sends plain values. In step 2
// (the default) the older date wins, then the smaller hash; values are texts, and any other value ends the
// node. Neighbours stay listed for ever, and are dialled again. Each event is a line of the log, and each
// error has its stack.
//
// With --as-published the node has the faults of the published solutions. A node that dials fetches nothing from
// its neighbour. After each connection it serves its socket once more, and sends each version once more.
//
// --clock=MS shifts the node's clock. With --slow=MS it accepts each connection, and each `auth`, so much later.
// Tests have two events more: `hangUp` breaks all connections but that of the asker, and `asked` tells how often
// each event came.
"use strict";
const { createHash } = require("node:crypto");
const { setTimeout: pause } = require("node:timers/promises");
const { parseArgs } = require("node:util");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "3000" },
    step: { type: "string", default: "2" },
    "as-published": { type: "boolean", default: false },
    clock: { type: "string", default: "0" },
    slow: { type: "string", default: "0" },
  },
});
const ownPort = Number(options.port);
const dated = options.step === "2";
const published = options["as-published"];
const slow = Number(options.slow);
const now = () => Date.now() + Number(options.clock);

const store = new Map();
const listed = [];
const links = [];
const dialled = [];
const asked = {};

// Throws for a value that is no text, as the library does.
const hashOf = (value) => createHash("sha256").update(value).digest("hex");

function refuse(callback, message) {
  console.error(new Error(message));
  callback?.(message);
}

function keep(key, held) {
  console.log(`set ${key} : ${held.value}`);
  store.set(key, held);
  for (const socket of links) socket.emit("set", key, dated ? held : held.value, () => {});
}

function setPlain(key, value, callback) {
  const held = store.get(key);
  if (held && held.value !== value) return refuse(callback, `set error : Field ${key} exists.`);
  if (!held) keep(key, { value, date: now() });
  callback?.();
}

function setDated(key, given, callback) {
  const plain = given === null || typeof given !== "object";
  const version = plain ? { value: given, date: now() } : { ...given };
  version.hash ??= hashOf(version.value);
  if (version.hash !== hashOf(version.value)) return refuse(callback, "set error : invalid hash.");
  const held = store.get(key);
  if (held && held.date < version.date) return refuse(callback, `set error : Field ${key} too recent.`);
  if (held && held.date === version.date) {
    if (held.hash < version.hash) return refuse(callback, `set error : Field ${key} hash too big.`);
    if (held.hash === version.hash) return callback?.();
  }
  keep(key, version);
  callback?.();
}

function learn(socket) {
  socket.emit(dated ? "keysAndTime" : "keys", (error, found) => {
    if (error) return;
    for (const key of dated ? Object.keys(found) : found) {
      const held = store.get(key);
      const better =
        dated &&
        held &&
        (found[key].date < held.date || (found[key].date === held.date && found[key].hash < held.hash));
      if (held && !better) continue;
      socket.emit("get", key, (error, version) => {
        if (error) return;
        if (dated) setDated(key, version);
        else if (!store.has(key)) store.set(key, version);
      });
    }
  });
}

function serve(socket) {
  socket.on("get", (key, callback) => {
    if (!store.has(key)) return refuse(callback, `Field ${key} not exists`);
    console.log(`get ${key}: ${store.get(key).value}`);
    callback(undefined, store.get(key));
  });
  socket.on("set", dated ? setDated : setPlain);
  socket.on("keys", (callback) => {
    console.log("keys");
    callback(undefined, [...store.keys()]);
  });
  socket.on("peers", (callback) => {
    console.log("peers");
    callback(undefined, listed);
  });
  if (dated) {
    socket.on("keysAndTime", (callback) => {
      console.log("keysAndTime");
      callback(undefined, Object.fromEntries([...store].map(([key, { date, hash }]) => [key, { date, hash }])));
    });
  }
  socket.on("addPeer", (port, callback) => {
    if (listed.includes(port)) return refuse(callback, "neighbor exists");
    listed.push(port);
    const link = io(`http://localhost:${port}`, { path: "/byc" });
    dialled.push(link);
    count(link);
    if (!published) serve(link);
    link.on("connect", () => {
      if (published) serve(link);
      if (published || !links.includes(link)) links.push(link);
      link.emit("auth", ownPort, () => callback?.());
      if (!published) learn(link);
    });
  });
  socket.on("auth", async (port, callback) => {
    if (slow) await pause(slow);
    if (listed.includes(port)) return refuse(callback, "neighbor exists");
    listed.push(port);
    links.push(socket);
    learn(socket);
    callback?.();
  });
  socket.on("hangUp", (callback) => {
    for (const other of [...server.sockets.sockets.values(), ...dialled]) {
      if (other !== socket) breakOff(other);
    }
    callback();
  });
  socket.on("asked", (callback) => callback(undefined, asked));
}

// Ends a connection as a broken network does: without a word, if the transport allows it.
function breakOff(socket) {
  const engine = socket.conn ?? socket.io.engine;
  const webSocket = engine?.transport?.socket ?? engine?.transport?.ws;
  if (webSocket?.terminate) webSocket.terminate();
  else engine?.close();
}

function count(socket) {
  socket.onAny((event) => (asked[event] = (asked[event] ?? 0) + 1));
}

const server = new Server(ownPort, { path: "/byc", serveClient: false });
console.log(`listening on ${ownPort}`);
if (slow) server.use((_, next) => pause(slow).then(() => next()));
server.on("connection", (socket) => {
  console.log("a new connection");
  count(socket);
  serve(socket);
});
