// A small node of the course's kind, on the stock server and client: node node.js --port=3000
// With --transport=polling (or websocket) the node uses that transport alone. With --ping=MS it pings at this
// interval and waits ten times as long for the answer.
//
// The node sends each new version to every neighbour. When a link comes up, each end asks for the other's
// versions and fetches those that it lacks. The older date wins, then the smaller hash.
"use strict";
const { createHash } = require("node:crypto");
const { parseArgs } = require("node:util");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "3000" },
    transport: { type: "string" },
    ping: { type: "string" },
  },
});
const ownPort = Number(options.port);
const PATH = "/byc";
const transports = options.transport ? [options.transport] : ["polling", "websocket"];

/** The versions held: key → {value, date, hash} */
const store = new Map();
/** The links, dialled or accepted: port of the neighbour → socket */
const neighbours = new Map();

function hashOf(value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return createHash("sha256").update(text).digest("hex");
}

function wins(one, other) {
  return one.date < other.date || (one.date === other.date && one.hash < other.hash);
}

/** Stores a version if it wins against the one held. Sends it to all neighbours but its sender. */
function merge(key, version, from) {
  const held = store.get(key);
  if (held && !wins(version, held)) return;
  store.set(key, version);
  for (const socket of neighbours.values()) {
    if (socket !== from) socket.emit("set", key, version, () => {});
  }
}

/** Asks the other end for its keys and dates, and fetches the versions that win against those held here. */
function reconcile(socket) {
  socket.timeout(5_000).emit("keysAndTime", (late, error, listed) => {
    if (late || error) return;
    for (const [key, version] of Object.entries(listed)) {
      const held = store.get(key);
      if (held && !wins(version, held)) continue;
      socket.timeout(5_000).emit("get", key, (late, error, found) => {
        if (!late && !error) merge(key, found, socket);
      });
    }
  });
}

function link(port, socket) {
  neighbours.set(port, socket);
  socket.once("disconnect", () => {
    if (neighbours.get(port) === socket) neighbours.delete(port);
  });
  reconcile(socket);
}

/** Answers the events from the other end of a connection. */
function serve(socket) {
  const on = (event, answer) => {
    socket.on(event, (...args) => {
      const callback = typeof args.at(-1) === "function" ? args.pop() : () => {};
      answer(args, callback);
    });
  };
  on("get", ([key], callback) => {
    if (store.has(key)) callback(null, store.get(key));
    else callback(`Field ${key} not exists`);
  });
  on("set", ([key, value], callback) => {
    if (value && typeof value === "object" && "value" in value && "date" in value) {
      merge(key, { value: value.value, date: value.date, hash: hashOf(value.value) }, socket);
      return callback(null, true);
    }
    const held = store.get(key);
    if (held && held.hash !== hashOf(value)) return callback(`set error : Field ${key} exists.`);
    if (!held) merge(key, { value, date: Date.now(), hash: hashOf(value) });
    callback(null, true);
  });
  on("keys", (_, callback) => callback(null, [...store.keys()]));
  on("keysAndTime", (_, callback) => {
    const listed = [...store].map(([key, { date, hash }]) => [key, { date, hash }]);
    callback(null, Object.fromEntries(listed));
  });
  on("peers", (_, callback) => callback(null, [...neighbours.keys()]));
  on("addPeer", ([port], callback) => addPeer(Number(port), callback));
  on("auth", ([port], callback) => {
    callback(null, true);
    link(Number(port), socket);
  });
}

/** The sockets that this node dialled: port → socket */
const dialled = new Map();

/** Dials a node. The connection is a link while it lasts, and is dialled again when it has ended. */
function addPeer(port, callback) {
  if (port === ownPort) return callback("a node cannot be its own neighbour");
  if (neighbours.has(port)) return callback("neighbor exists");
  if (!dialled.has(port)) dialled.set(port, dial(port));
  const socket = dialled.get(port);
  socket.waiting.push(callback);
}

function dial(port) {
  const socket = io(`http://localhost:${port}`, { path: PATH, forceNew: true, transports });
  socket.waiting = [];
  serve(socket);
  socket.on("connect", () => {
    socket.timeout(5_000).emit("auth", ownPort, (late, error) => {
      const reason = late ? "no answer" : error;
      if (reason) {
        dialled.delete(port);
        socket.disconnect();
      } else {
        link(port, socket);
      }
      for (const callback of socket.waiting.splice(0)) callback(reason || null, !reason);
    });
  });
  return socket;
}

const ping = Number(options.ping);
const pings = options.ping ? { pingInterval: ping, pingTimeout: 10 * ping } : {};
const server = new Server({ path: PATH, transports, ...pings });
server.on("connection", (socket) => {
  serve(socket);
  socket.on("disconnect", (reason) => console.log(`a session ended: ${reason}`));
});
server.listen(ownPort);
server.engine.on("connection_error", (error) => console.error(error.message));
server.httpServer.on("listening", () => console.log(`listening on ${ownPort}`));
