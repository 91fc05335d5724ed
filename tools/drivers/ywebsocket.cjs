// A peer of y-websocket with one document, a map of texts: GET, PUT and DELETE /kv/KEY, GET /keys.
//
// usage: node ywebsocket.cjs NUMBER HOST HTTP_PORT SYNC_PORT [HOST:PORT of the server]
//
// Without a server to dial, it is the server that comes with the package. NUMBER becomes the client id of the document,
// which is drawn at random elsewhere.
'use strict';
module.paths.push(process.cwd() + '/node_modules');
const http = require('http');
const Y = require('yjs');
const { WebSocket, WebSocketServer } = require('ws');

const [number, host, httpPort, syncPort, server] = process.argv.slice(2);
const NAME = 'store';
let document;

if (server) {
  const { WebsocketProvider } = require('y-websocket');
  document = new Y.Doc();
  document.clientID = Number(number);
  const provider = new WebsocketProvider(`ws://${server}`, NAME, document, { WebSocketPolyfill: WebSocket, disableBc: true });
  provider.on('status', ({ status }) => console.log(`${status} (${server})`));
} else {
  const { getYDoc, setupWSConnection } = require('y-websocket/bin/utils');
  document = getYDoc(NAME);
  document.clientID = Number(number);
  new WebSocketServer({ host, port: Number(syncPort) }).on('connection', setupWSConnection);
}
const kv = document.getMap('kv');

http.createServer((asked, answered) => {
  const [, what, key] = asked.url.split('/').map(decodeURIComponent);
  const end = (status, text = '') => answered.writeHead(status).end(text);
  if (what === 'keys') return end(200, JSON.stringify([...kv.keys()]));
  if (what !== 'kv') return end(404);
  if (asked.method !== 'PUT' && !kv.has(key)) return end(404);
  if (asked.method === 'GET') return end(200, String(kv.get(key)));
  if (asked.method === 'DELETE') {
    kv.delete(key);
    return end(204);
  }
  let text = '';
  asked.on('data', part => (text += part));
  asked.on('end', () => {
    kv.set(key, text);
    end(204);
  });
}).listen(Number(httpPort), host, () => console.log(`listening on ${httpPort}`));

process.on('SIGTERM', () => process.exit());
