// A store over events of Socket.IO, for tests. Acknowledgements are (error, result), as in many services.
'use strict';

const http = require('node:http');
const { Server } = require('socket.io');

const [, , host, port] = process.argv;
const held = new Map();
const server = http.createServer();
const io = new Server(server, { path: '/events/', pingInterval: 50, pingTimeout: 5000 });

io.on('connection', (socket) => {
  socket.on('get', (key, done) => (held.has(key) ? done(null, held.get(key)) : done('absent')));
  socket.on('set', (key, value, done) => {
    held.set(key, value);
    // What was not asked for is passed over.
    socket.emit('news', key);
    done(null);
  });
  socket.on('keys', (done) => done(null, [...held.keys()]));
  socket.on('leave', () => socket.disconnect(true));
});
server.listen(Number(port), host, () => console.log('listening'));
