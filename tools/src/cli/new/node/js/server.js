// A key-value node over HTTP that knows its neighbours. It does not replicate yet: that is left to you.
//
//   node server.js --name NAME --host HOST --port PORT
//
//   PUT /kv/KEY (the body is the value)   GET /kv/KEY   DELETE /kv/KEY   GET /keys (one a line)
//   POST /peers (the body is HOST:PORT of a new neighbour)   GET /peers
//
// Left to do, so that together.scn passes:
//   1. When a client writes or deletes, tell all neighbours. `send` below asks another node.
//   2. When a neighbour tells something new, store it and pass it on; when it is not new, stop. What makes it new?
//   3. When two nodes are linked, or linked again, each may have missed something. How do they find out what?
//   4. Two clients write one key at two nodes at the same time. All nodes have to end with the same value.
//   5. A deletion has to win over an older write that comes late.
import http from 'node:http';
import { parseArgs } from 'node:util';

const text = { type: 'string' };
const { values: options } = parseArgs({ options: { name: text, host: text, port: text } });
const own = `${options.host}:${options.port}`;

/** The values by key. */
const store = new Map();
/** The addresses of the neighbours, HOST:PORT. */
const peers = new Set();

/** Asks another node, and returns its status and its answer. Fails if nobody answers within a second. */
async function send(peer, method, path, body) {
  const answer = await fetch(`http://${peer}${path}`, { method, body, signal: AbortSignal.timeout(1000) });
  return [answer.status, await answer.text()];
}

/** Adds a neighbour and introduces this node to it, so that the link is known at both ends. */
async function addPeer(peer) {
  await send(peer, 'POST', '/hello', own);
  peers.add(peer);
  console.log(`linked to ${peer}`);
}

/** Carries out a request of a client or of another node. Returns a status and a text. */
async function answer(method, room, key, body) {
  switch (`${method} ${room}`) {
    case 'PUT kv':
      store.set(key, body);
      return [204, ''];
    case 'GET kv':
      return store.has(key) ? [200, store.get(key)] : [404, 'no such key'];
    case 'DELETE kv':
      return store.delete(key) ? [204, ''] : [404, 'no such key'];
    case 'GET keys':
      return [200, [...store.keys()].join('\n')];
    case 'POST peers':
      await addPeer(body);
      return [204, ''];
    case 'POST hello': // from a node that adds this one
      peers.add(body);
      return [204, ''];
    case 'GET peers':
      return [200, [...peers].join('\n')];
    default:
      return [404, 'no such request'];
  }
}

const server = http.createServer(async (request, response) => {
  let body = '';
  request.setEncoding('utf8');
  for await (const part of request) {
    body += part;
  }
  try {
    const [, room, key] = request.url.split('/').map(decodeURIComponent);
    const [status, reply] = await answer(request.method, room, key, body);
    response.writeHead(status).end(reply);
  } catch (error) {
    // The harness takes this for "it may have happened".
    response.writeHead(500).end(String(error));
  }
});
server.listen(Number(options.port), options.host, () => console.log(`${options.name} listens at ${own}`));
