// Checks the commands of a node with the stock client: node client.js PORT TRANSPORT [PEER]
//
// TRANSPORT is `polling`, `websocket` or `default`: polling first, then upgraded. PEER is the port of
// another node, which gets a link. The first wrong answer ends the program with code 1.
"use strict";
const assert = require("node:assert/strict");
const { createHash } = require("node:crypto");
const { io } = require("socket.io-client");

const [port, transport, peer] = process.argv.slice(2);
/** The time-out of every answer: longer than any takes on the slowest machine. */
const DEADLINE_MS = 30_000;

const transports = transport === "default" ? ["polling", "websocket"] : [transport];
const socket = io(`http://127.0.0.1:${port}`, { path: "/byc", transports, reconnection: false });

/** Sends an event and returns its acknowledgement: [error, result]. */
function ask(event, ...args) {
  return new Promise((resolve, reject) => {
    socket.timeout(DEADLINE_MS).emit(event, ...args, (late, ...answer) => {
      if (late) reject(new Error(`${event} was not acknowledged`));
      else resolve(answer);
    });
  });
}

async function fine(expected, event, ...args) {
  const [error, result] = await ask(event, ...args);
  assert.ok(error === null || error === undefined, `${event} ${args}: ${error}`);
  if (expected !== undefined) assert.deepEqual(result, expected, `${event} ${args}`);
  return result;
}

async function refused(expected, event, ...args) {
  const [error] = await ask(event, ...args);
  if (expected instanceof RegExp) assert.match(String(error), expected, `${event} ${args}`);
  else assert.equal(error, expected, `${event} ${args}`);
}

function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

async function commands() {
  await fine([], "keys");
  await fine({}, "keysAndTime");
  await fine([], "peers");
  await refused("Field nom not exists", "get", "nom");

  const before = Date.now();
  await fine(true, "set", "nom", "Reimert");
  const held = await fine(undefined, "get", "nom");
  assert.equal(held.value, "Reimert");
  assert.equal(held.hash, sha256("Reimert"));
  assert.ok(held.date >= before && held.date <= Date.now(), `${held.date} is no present date`);
  await fine(true, "set", "nom", "Reimert");
  await refused("set error : Field nom exists.", "set", "nom", "Dupont");
  await fine(held, "get", "nom");

  // A value with a date is merged with the one held: the older wins, then the smaller hash.
  await fine(true, "set", "nom", { value: "later", date: held.date + 1, hash: sha256("later") });
  await fine(held, "get", "nom");
  const older = { value: "Damien", date: 10_000, hash: sha256("Damien") };
  await fine(true, "set", "nom", older);
  await fine(older, "get", "nom");
  const tied = ["Paris", "Tokio"].map((value) => ({ value, date: 10_000, hash: sha256(value) }));
  for (const version of tied) await fine(true, "set", "Ville", version);
  await fine(tied[0].hash < tied[1].hash ? tied[0] : tied[1], "get", "Ville");
  await refused(/s ahead of this node's clock/, "set", "futur", { value: 1, date: Date.now() + 60_000 });

  for (const [key, value] of [["objet", { b: 1, a: [null, 1.5, "é"] }], ["nombre", 42], ["vide", ""], ["rien", null]]) {
    await fine(true, "set", key, value);
    assert.deepEqual((await fine(undefined, "get", key)).value, value);
  }
  await fine(["nom", "Ville", "objet", "nombre", "vide", "rien"], "keys");
  const listed = await fine(undefined, "keysAndTime");
  assert.deepEqual(listed.nom, { date: older.date, hash: older.hash });
  assert.equal(Object.keys(listed).length, 6);

  const large = "x".repeat(500_000);
  await fine(true, "set", "grand", large);
  assert.equal((await fine(undefined, "get", "grand")).value, large);
}

async function errors() {
  for (const args of [[], [5], [null], [{}]]) {
    await refused(/^get wants a key/, "get", ...args);
    await refused(/^set wants a key/, "set", ...args);
  }
  await refused(/^set wants a value/, "set", "k");
  await refused(/whole number of milliseconds/, "set", "k", { value: 1, date: "today" });
  await refused(/at most 1024/, "set", "k".repeat(1_025), 1);
  for (const port of [undefined, null, 0, 65_536, -1, 1.5, "abc", "", {}]) {
    await refused(/^addPeer wants a port/, "addPeer", port);
    await refused(/^auth wants a port/, "auth", port);
  }
  await refused("a node cannot be its own neighbour", "addPeer", Number(port));
  await refused("a node cannot be its own neighbour", "auth", port);
  await refused(/cannot connect|nobody/, "addPeer", 1);
  await refused(/unknown event `fly`/, "fly");
  // Events without a callback for their acknowledgement do no harm.
  for (const event of ["get", "set", "keys", "peers", "addPeer", "auth", "keysAndTime", "fly"]) socket.emit(event);
  await refused("Field k not exists", "get", "k");
}

async function peers() {
  const other = Number(peer);
  await fine(true, "addPeer", peer);
  await refused("neighbor exists", "addPeer", other);
  await fine([other], "peers");
}

socket.on("connect_error", (error) => fail(`cannot connect: ${error.message}`));
socket.on("disconnect", (reason) => fail(`the connection ended: ${reason}`));

function fail(message) {
  console.error(message);
  process.exit(1);
}

async function main() {
  const deadline = setTimeout(() => fail("nothing happens any more"), 2 * DEADLINE_MS);
  await new Promise((resolve) => socket.on("connect", resolve));
  const { engine } = socket.io;
  if (transport === "default" && engine.transport.name !== "websocket") {
    await new Promise((resolve) => engine.once("upgrade", resolve));
  }
  await commands();
  await errors();
  if (peer) await peers();
  const expected = transport === "default" ? "websocket" : transport;
  assert.equal(engine.transport.name, expected, "the transport");
  clearTimeout(deadline);
  socket.off("disconnect");
  socket.disconnect();
  console.log(`all is well over ${transport}`);
}

main().catch((error) => fail(error.message));
