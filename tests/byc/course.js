// A node that behaves as the nodes of a course do: node course.js --port=3000 [--step=1]
//
// In step 1 a node keeps the first value of a key, with a date of its own, and sends plain values. In step 2
// (the default) the older date wins, then the smaller hash; values are texts, and any other value ends the
// node. Neighbours stay listed for ever, and are dialled again. Each event is a line of the log, and each
// error has its stack.
"use strict";
const { createHash } = require("node:crypto");
const { parseArgs } = require("node:util");
const { Server } = require("socket.io");
const { io } = require("socket.io-client");

const { values: options } = parseArgs({
  options: { port: { type: "string", default: "3000" }, step: { type: "string", default: "2" } },
});
const ownPort = Number(options.port);
const dated = options.step === "2";

const store = new Map();
const listed = [];
const links = [];

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
  if (!held) keep(key, { value, date: Date.now() });
  callback?.();
}

function setDated(key, given, callback) {
  const plain = given === null || typeof given !== "object";
  const version = plain ? { value: given, date: Date.now() } : { ...given };
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
    serve(link);
    link.on("connect", () => {
      if (!links.includes(link)) links.push(link);
      link.emit("auth", ownPort, () => callback?.());
      learn(link);
    });
  });
  socket.on("auth", (port, callback) => {
    if (listed.includes(port)) return refuse(callback, "neighbor exists");
    listed.push(port);
    links.push(socket);
    learn(socket);
    callback?.();
  });
}

const server = new Server(ownPort, { path: "/byc", serveClient: false });
console.log(`listening on ${ownPort}`);
server.on("connection", (socket) => {
  console.log("a new connection");
  serve(socket);
});
