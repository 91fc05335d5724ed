// A node that misbehaves in one way: node misbehaving.js HOW --port=3000 [--transport=polling]
//
// HOW is one of these:
//   mute    makes links, but acknowledges no auth
//   deaf    ignores addPeer
//   text    answers get with a bare text
//   object  answers keys with an object
//   names   answers peers with names
//   dies    exits at a set
// An addPeer is acknowledged in no case.
"use strict";
const { parseArgs } = require("node:util");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");

const { values, positionals } = parseArgs({
  options: { port: { type: "string", default: "3000" }, transport: { type: "string" } },
  allowPositionals: true,
});
const [how] = positionals;
const port = Number(values.port);
const store = new Map();
const peers = new Set();

const transports = values.transport ? [values.transport] : ["polling", "websocket"];
const server = new Server({ path: "/byc", transports });
server.on("connection", (socket) => {
  socket.on("get", (key, callback) => {
    if (how === "text") callback(null, "hello");
    else if (store.has(key)) callback(null, { value: store.get(key), date: 10_000 });
    else callback(`Field ${key} not exists`);
  });
  socket.on("set", (key, value, callback) => {
    if (how === "dies") {
      console.error("this is where it ends");
      process.exit(7);
    }
    store.set(key, value);
    callback(null, true);
  });
  socket.on("keys", (callback) => callback(null, how === "object" ? { nom: 1 } : [...store.keys()]));
  socket.on("peers", (callback) => callback(null, how === "names" ? ["bob"] : [...peers]));
  socket.on("auth", (from, callback) => {
    peers.add(Number(from));
    if (how !== "mute") callback(null, true);
  });
  socket.on("addPeer", (to) => {
    if (how === "deaf") return;
    const socket = io(`http://127.0.0.1:${to}`, { path: "/byc" });
    socket.on("connect", () => {
      socket.emit("auth", port);
      peers.add(Number(to));
    });
  });
});
server.listen(port);
server.httpServer.on("listening", () => console.log(`listening on ${port}`));
