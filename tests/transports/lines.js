// A key-value store for tests that speaks lines over TCP, and messages over WebSockets at the same port: `get K`,
// `set K V`, `keys`. WebSockets are written out, so that no package is needed.
const net = require("node:net");
const crypto = require("node:crypto");

const [host, port] = [process.argv[2], Number(process.argv[3])];
const held = new Map();

function answer(line) {
  const [command, key, ...value] = line.split(" ");
  if (command === "get") return held.get(key) ?? "none";
  if (command === "set") return held.set(key, value.join(" ")) && "done";
  if (command === "keys") return [...held.keys()].join(" ");
  return "what?";
}

function frame(text) {
  const body = Buffer.from(text);
  const head = body.length < 126 ? [0x81, body.length] : [0x81, 126, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from(head), body]);
}

// Serves messages of less than 64 KiB, each in one frame.
function speakFrames(socket, rest) {
  let bytes = rest;
  const read = () => {
    for (;;) {
      if (bytes.length < 2) return;
      const short = bytes[1] & 127;
      const start = short === 126 ? 4 : 2;
      if (bytes.length < start + 4) return;
      const length = short === 126 ? bytes.readUInt16BE(2) : short;
      if (bytes.length < start + 4 + length) return;
      const mask = bytes.subarray(start, start + 4);
      const body = bytes.subarray(start + 4, start + 4 + length).map((byte, index) => byte ^ mask[index % 4]);
      if ((bytes[0] & 15) === 8) return socket.end();
      bytes = bytes.subarray(start + 4 + length);
      const { line } = JSON.parse(body.toString());
      socket.write(frame(JSON.stringify({ answer: answer(line) })));
    }
  };
  socket.on("data", (more) => {
    bytes = Buffer.concat([bytes, more]);
    read();
  });
  read();
}

net
  .createServer((socket) => {
    let text = "";
    socket.on("error", () => {});
    const onData = (bytes) => {
      text += bytes.toString("latin1");
      if (text.startsWith("GET /")) {
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) return;
        socket.off("data", onData);
        const key = /sec-websocket-key: *(\S+)/i.exec(text)[1];
        const accepted = crypto.createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accepted}\r\n\r\n`,
        );
        return speakFrames(socket, Buffer.from(text.slice(end + 4), "latin1"));
      }
      for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n")) {
        const line = Buffer.from(text.slice(0, end), "latin1").toString();
        text = text.slice(end + 1);
        if (line === "hang up") socket.destroy();
        else if (line === "once") socket.end("done\n");
        else if (line === "talk") socket.write("done\nunasked\n");
        else socket.write(`${answer(line)}\n`);
      }
    };
    socket.on("data", onData);
  })
  .listen(port, host, () => console.log(`listening; ${process.argv.slice(4).join(" ")} in ${process.cwd()}`));
