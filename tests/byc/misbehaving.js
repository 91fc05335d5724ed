// A node that misbehaves in one way: node misbehaving.js HOW --port=3000 [--transport=polling]
//
// HOW is one of these:
//   mute    makes links, but acknowledges no auth
//   deaf    ignores addPeer
//   text    answers get with a bare text
//   object  answers keys with an object
//   names   answers peers with names
//   dies    exits at a set
//   closes  closes its port and all connections at a set, and exits a while after
//   eager   acknowledges addPeer, lists the other node, and never dials it
//   late    acknowledges addPeer, lists the other node, and dials it a second later
//   noisy   writes 40,000 lines a second, and says so after four seconds of that
// But for eager and late, an addPeer is acknowledged in no case.
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
    if (how === "closes") {
      console.error("this is where it ends");
      server.close();
      server.disconnectSockets(true);
      setTimeout(() => process.exit(7), 500);
      return;
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
  socket.on("addPeer", (to, callback) => {
    if (how === "deaf") return;
    if (how === "eager" || how === "late") {
      if (peers.has(Number(to))) return callback("neighbor exists");
      peers.add(Number(to));
      callback(null, true);
      if (how === "late") setTimeout(() => dial(to), 1_000);
      return;
    }
    dial(to);
  });
});

function dial(to) {
  const socket = io(`http://127.0.0.1:${to}`, { path: "/byc" });
  socket.on("connect", () => {
    socket.emit("auth", port);
    peers.add(Number(to));
  });
}

if (how === "noisy") {
  const began = Date.now();
  let written = 0;
  setInterval(() => {
    const due = (Date.now() - began) * 40;
    if (written < 160_000 && due >= 160_000) console.error("much was written");
    let lines = "";
    for (; written < due; written += 1) lines += `line ${written}\n`;
    process.stdout.write(lines);
  }, 10);
}

server.listen(port);
server.httpServer.on("listening", () => console.log(`listening on ${port}`));
