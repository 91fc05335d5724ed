// A peer of automerge-repo with one document, a map of texts: GET, PUT and DELETE /kv/KEY, GET /keys.
//
// usage: node automerge.cjs NAME HOST HTTP_PORT PEER_PORT [URLS of peers to dial, with commas between]
//
// All peers begin with the same first change of the document, so that each can write before it has met another.
'use strict';
module.paths.push(process.cwd() + '/node_modules');
const http = require('http');
const { pathToFileURL } = require('url');
const { WebSocketServer } = require('ws');

const [name, host, httpPort, peerPort, dial = ''] = process.argv.slice(2);
const DOCUMENT = 'bdVpTky1uQvvW3wFxFFLi9dKaWg';

async function load(id) {
  return import(pathToFileURL(require.resolve(id)));
}

async function main() {
  const Automerge = await load('@automerge/automerge');
  const { Repo } = await load('@automerge/automerge-repo');
  const { WebSocketServerAdapter, WebSocketClientAdapter } = await load('@automerge/automerge-repo-network-websocket');

  const peers = new WebSocketServer({ host, port: Number(peerPort) });
  const network = [new WebSocketServerAdapter(peers)];
  for (const url of dial.split(',').filter(Boolean)) network.push(new WebSocketClientAdapter(url));
  const repo = new Repo({ peerId: name, network });

  const first = Automerge.change(Automerge.init({ actor: '00' }), { time: 0 }, doc => void (doc.kv = {}));
  const handle = repo.import(Automerge.save(first), { docId: DOCUMENT });
  await handle.whenReady();

  http.createServer((asked, answered) => {
    const [, what, key] = asked.url.split('/').map(decodeURIComponent);
    const end = (status, text = '') => answered.writeHead(status).end(text);
    const { kv } = handle.doc();
    if (what === 'keys') return end(200, JSON.stringify(Object.keys(kv)));
    if (what !== 'kv') return end(404);
    if (asked.method !== 'PUT' && kv[key] === undefined) return end(404);
    if (asked.method === 'GET') return end(200, String(kv[key]));
    if (asked.method === 'DELETE') {
      handle.change(doc => void delete doc.kv[key]);
      return end(204);
    }
    let text = '';
    asked.on('data', part => (text += part));
    asked.on('end', () => {
      handle.change(doc => void (doc.kv[key] = text));
      end(204);
    });
  }).listen(Number(httpPort), host, () => console.log(`listening on ${httpPort}, for peers on ${peerPort}`));
}

process.on('SIGTERM', () => process.exit());
main();
