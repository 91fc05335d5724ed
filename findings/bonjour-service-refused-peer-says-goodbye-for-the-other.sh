#!/usr/bin/env bash
# bonjour-service: a peer whose name is taken says goodbye, and takes the one who has the name off all lists.
#
# Version: bonjour-service 1.4.4, from npm.
# Expected: a second peer of the same name finds it in use when it probes (RFC 6762, 8.1), and is refused or renamed.
# The first one does not notice.
# Observed: the second one is refused, and withdraws records that it never announced. They have the name of the
# first one, so that browsers remove the first one, which is up and answers. It is back with its next announcement.
# The gaps between these are 3 s, 9 s, 27 s and so on, and there is none after a gap of more than an hour.
set -euo pipefail
[[ $(node --version) == v20.* ]] || { echo 'Node.js 20 is needed'; exit 2; }
unshare --user --map-root-user --net true || { echo 'network namespaces are needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bonjour-service@1.4.4

cat >program.cjs <<'PROGRAM'
const { setTimeout: pause } = require('node:timers/promises')
const { Bonjour } = require('bonjour-service')

const log = console.log
console.log = (error) => log('second peer:', error.message)

async function until(what, condition) {
  for (let i = 0; i < 300; i += 1) {
    if (condition()) return
    await pause(100)
  }
  log('not within 30 s:', what)
  process.exit(1)
}

async function run() {
  const ports = () => browser.services.map((service) => service.port).join(' ') || 'nobody'
  const browser = new Bonjour().find({ type: 'chat' })
  browser.on('down', (service) => log('browser: down', service.port))
  const first = new Bonjour().publish({ name: 'node', type: 'chat', port: 1001 })
  await until('the first peer', () => first.published && ports() === '1001')
  log('browser has:', ports())
  await pause(5000) // The announcement after 3 s is over, and the one after 12 s is not near.
  const second = new Bonjour().publish({ name: 'node', type: 'chat', port: 1002 })
  await pause(3000)
  log('browser has:', ports(), '| first peer is up:', first.published, '| second peer is up:', second.published)
  await until('the next announcement', () => ports() !== 'nobody')
  log('after the next announcement:', ports())
  process.exit()
}

run()
PROGRAM
# A network of one interface, on which all hear each other.
seen=$(unshare --user --map-root-user --net bash -euc '
    ip link set lo up multicast on
    ip route add 224.0.0.0/4 dev lo
    exec node program.cjs')
expected=$(cat <<'EXPECTED'
browser has: 1001
second peer: Service name is already in use on the network
browser: down 1001
browser has: nobody | first peer is up: true | second peer is up: false
after the next announcement: 1001
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
