// The node of a chapter on peer-to-peer networks: people speak HTTP to it, nodes speak WebSocket to each other.
//
//   HTTP_PORT=3001 P2P_PORT=6001 PEERS=ws://localhost:6002,ws://localhost:6003 node chapter.cjs
//
//   GET  /peers           the addresses of the nodes that are connected now
//   POST /peers {peer}    connects to one more
//   POST /ping  {text}    sends the text to all that are connected; their logs show it
'use strict';
module.paths.push(process.cwd() + '/node_modules');
const express = require('express');
const { WebSocket, WebSocketServer } = require('ws');

const host = process.env.HOST || 'localhost';
const httpPort = Number(process.env.HTTP_PORT || 3001);
const p2pPort = Number(process.env.P2P_PORT || 6001);
const me = `ws://${host}:${p2pPort}`;
const peers = new Map(); // the connections, and the address of the node at the other end

function connect(address) {
  const socket = new WebSocket(address);
  socket.on('open', () => welcome(socket, address));
  socket.on('error', error => console.log(`no connection to ${address}: ${error.code}`));
}

function welcome(socket, address) {
  peers.set(socket, address);
  socket.send(JSON.stringify({ type: 'hello', from: me }));
  socket.on('message', data => receive(socket, JSON.parse(data)));
  socket.on('close', () => {
    console.log(`${peers.get(socket)} is gone`);
    peers.delete(socket);
  });
}

function receive(socket, message) {
  if (message.type === 'hello') {
    peers.set(socket, message.from);
    console.log(`connected to ${message.from}`);
  } else if (message.type === 'ping') {
    console.log(`ping from ${message.from}: ${message.text}`);
  }
}

const app = express();
app.use(express.json());
app.get('/peers', (request, response) => response.json([...peers.values()]));
app.post('/peers', (request, response) => {
  connect(request.body.peer);
  response.sendStatus(202);
});
app.post('/ping', (request, response) => {
  const message = JSON.stringify({ type: 'ping', from: me, text: request.body.text });
  for (const socket of peers.keys()) socket.send(message);
  response.json({ sent: peers.size });
});

const server = new WebSocketServer({ host, port: p2pPort });
server.on('connection', socket => {
  socket.on('error', error => console.log(`a connection broke: ${error.code}`));
  welcome(socket, '?');
});
app.listen(httpPort, host, () => console.log(`HTTP on ${httpPort}, nodes on ${p2pPort}`));
(process.env.PEERS || '').split(',').filter(Boolean).forEach(connect);
