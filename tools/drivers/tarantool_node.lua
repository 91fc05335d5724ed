-- A Tarantool instance that replicates with all others, each of which takes writes, and that answers lines of JSON.
--
--     tarantool tarantool_node.lua NUMBER HOST PORT ASK_PORT DATA HOST:PORT,HOST:PORT,…      (all nodes, this one too)
--
-- The space `kv` has a key and a value, both texts. `replace` is how values are set; `insert` wants a new key. A line
-- is a request: ["get", "k"], ["set", "k", "v"], ["insert", "k", "v"], ["delete", "k"], ["cas", "k", "v", "w"],
-- ["keys"], or ["upstream"], which tells what each replication from another node does. The line that answers has
-- "value" or "error".
local json, log, socket = require('json'), require('log'), require('socket')
local number, host, port, ask_port, data, nodes = unpack(arg)

box.cfg {
    work_dir = data, listen = host .. ':' .. port, replication = string.split(nodes, ','), replication_timeout = 1,
    -- The instance with the smallest uuid makes the cluster: the first node.
    instance_uuid = ('00000000-0000-4000-8000-%012d'):format(number),
    -- At its first start a node waits for all others. Later it starts by itself.
    replication_connect_quorum = #require('fio').glob(data .. '/*.snap') > 0 and 0 or nil,
}
if number == '1' then
    box.once('tools', function()
        box.schema.user.grant('guest', 'super')
        box.schema.space.create('kv', {format = {{'key', 'string'}, {'value', 'string'}}})
        box.space.kv:create_index('primary', {parts = {'key'}})
    end)
end

local commands = {}
function commands.get(key) return (box.space.kv:get(key) or {})[2] or error('absent', 0) end
function commands.set(key, value) box.space.kv:replace {key, value} end
function commands.insert(key, value) box.space.kv:insert {key, value} end
function commands.delete(key) if not box.space.kv:delete(key) then error('absent', 0) end end
function commands.keys() return box.space.kv:pairs():map(function(tuple) return tuple[1] end):totable() end
function commands.cas(key, from, to)
    -- Nothing yields between the two.
    if commands.get(key) ~= from then error('precondition_failed', 0) end
    commands.set(key, to)
end
function commands.upstream()
    local states = {}
    for id, replica in pairs(box.info.replication) do
        if id ~= box.info.id then table.insert(states, replica.upstream and replica.upstream.status or 'none') end
    end
    return table.concat(states, ' ')
end

socket.tcp_server(host, tonumber(ask_port), function(client)
    while true do
        local line = client:read('\n')
        if not line or line == '' then return end
        local request = json.decode(line)
        for i = 1, #request do request[i] = tostring(request[i]) end
        local done, value = pcall(commands[table.remove(request, 1)], unpack(request))
        client:write(json.encode(done and {value = value} or {error = tostring(value)}) .. '\n')
    end
end)

while not (box.space.kv and box.space.kv.index.primary) do require('fiber').sleep(0.01) end
log.info('ready for requests')
