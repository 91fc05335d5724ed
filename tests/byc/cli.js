// Sends one event to a node with the stock client and prints the answer: node cli.js --port=3000 set nom Reimert
"use strict";
const { parseArgs } = require("node:util");
const { io } = require("socket.io-client");

const { values, positionals } = parseArgs({
  options: { port: { type: "string", default: "3000" } },
  allowPositionals: true,
});
const [event, ...args] = positionals;
if (!event) {
  console.error("usage: node cli.js --port=3000 get|set|keys|peers|addPeer|auth|keysAndTime ARGUMENTS…");
  process.exit(2);
}

const socket = io(`http://127.0.0.1:${values.port}`, { path: "/byc", reconnection: false });
socket.on("connect_error", (error) => {
  console.error(`cannot connect: ${error.message}`);
  process.exit(3);
});
socket.timeout(10_000).emit(event, ...args, (late, error, result) => {
  if (late || error) {
    console.error(late ? `no answer to ${event}` : error);
    process.exitCode = 1;
  } else {
    console.log(typeof result === "string" ? result : JSON.stringify(result));
  }
  socket.disconnect();
});
