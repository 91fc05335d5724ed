// A node that answers by how many seconds its clock is ahead of the kernel's, which gives files their times.
const { statSync, writeFileSync } = require("fs");
const { createServer } = require("http");
const [host, port, file] = process.argv.slice(2);

const answer = (response) => {
    writeFileSync(file, "now");
    response.end(String(Math.round((Date.now() - statSync(file).mtimeMs) / 1000)));
};

// The answer comes by a timer: it comes at all only if timers go on.
createServer((_, response) => setTimeout(answer, 10, response)).listen(port, host);
