// A GUN peer (package gun) with a key-value store in front: GET and PUT /kv/KEY, GET /keys.
//
// usage: node gun.cjs HOST PORT DATA [PEERS]      (URLs of peers to dial, with commas between)
'use strict';
module.paths.push(process.cwd() + '/node_modules');
const http = require('http');
const Gun = require('gun');

const [host, port, data, dial = ''] = process.argv.slice(2);
const peers = dial.split(',').filter(Boolean);
const server = http.createServer(serve);
const gun = Gun({ web: server, peers, file: data + '/radata', multicast: false, axe: false, stats: false });
const root = gun.get('kv');
const held = {};
root.on(node => Object.assign(held, node));

function serve(asked, answered) {
  const [, what, key] = asked.url.split('/').map(decodeURIComponent);
  const end = (status, text) => answered.writeHead(status).end(text);
  if (what === 'gun') return end(404, '');
  if (what === 'health') return end(200, 'ok');
  if (what === 'keys') return end(200, JSON.stringify(Object.keys(held).filter(name => name !== '_')));
  if (what !== 'kv') return end(404, 'no such page');
  if (asked.method === 'GET') {
    return root.get(key).once(value => (value == null ? end(404, '') : end(200, String(value))));
  }
  let text = '';
  asked.on('data', part => (text += part));
  asked.on('end', () =>
    root.get(key).put(text, done => {
      if (answered.writableEnded) return;
      done.err ? end(500, String(done.err)) : end(204);
    }));
}

process.on('SIGTERM', () => process.exit());
server.listen(port, host, () => console.log(`listening on ${host}:${port}`));
