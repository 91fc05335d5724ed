%% A node of mnesia that is asked over TCP, a line for each request and a line for its answer.
%%
%%   erl -noshell -name NAME@HOST … -s mnesia_node start HOST PORT FIRST
%%
%% The table kv has a copy on the disk of every node. The first node that starts makes the schema; each other one joins
%% it at its first start. FIRST is the name of the first one, such as a@10.0.1.0.
-module(mnesia_node).
-export([start/1]).

start([Host, Port, First]) ->
    process_flag(trap_exit, true),
    prepare(First),
    {ok, Address} = inet:parse_address(atom_to_list(Host)),
    {ok, Listener} = gen_tcp:listen(list_to_integer(atom_to_list(Port)),
                                    [{ip, Address}, {packet, line}, {active, false}, {reuseaddr, true}, binary]),
    accept(Listener).

prepare(First) ->
    New = not filelib:is_regular(filename:join(mnesia:system_info(directory), "schema.DAT")),
    case {New, First =:= node()} of
        {true, true} ->
            ok = mnesia:create_schema([node()]),
            ok = mnesia:start(),
            {atomic, ok} = mnesia:create_table(kv, [{disc_copies, [node()]}]);
        {true, false} ->
            ok = mnesia:start(),
            join(First);
        {false, _} ->
            ok = mnesia:start()
    end,
    ok = mnesia:wait_for_tables([kv], 60000).

join(First) ->
    case mnesia:change_config(extra_db_nodes, [First]) of
        {ok, [_ | _]} ->
            {atomic, ok} = mnesia:change_table_copy_type(schema, node(), disc_copies),
            copy();
        _ ->
            timer:sleep(100),
            join(First)
    end.

%% The first node may not have made the table yet.
copy() ->
    case mnesia:add_table_copy(kv, node(), disc_copies) of
        {atomic, ok} -> ok;
        {aborted, {already_exists, _, _}} -> ok;
        {aborted, _} -> timer:sleep(100), copy()
    end.

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Pid = spawn(fun() -> receive go -> serve(Socket) end end),
    ok = gen_tcp:controlling_process(Socket, Pid),
    Pid ! go,
    accept(Listener).

serve(Socket) ->
    case gen_tcp:recv(Socket, 0) of
        {ok, Line} ->
            Said = carry_out(string:lexemes(string:trim(Line), " ")),
            ok = gen_tcp:send(Socket, [Said, $\n]),
            serve(Socket);
        {error, _} ->
            gen_tcp:close(Socket)
    end.

carry_out([<<"get">>, Key]) ->
    transaction(fun() -> mnesia:read(kv, Key) end);
carry_out([<<"set">>, Key, Value]) ->
    transaction(fun() -> mnesia:write({kv, Key, Value}) end);
carry_out([<<"delete">>, Key]) ->
    transaction(fun() -> mnesia:delete({kv, Key}) end);
carry_out([<<"keys">>]) ->
    {atomic, Keys} = mnesia:transaction(fun() -> mnesia:all_keys(kv) end),
    ["[", lists:join(",", [[$", Key, $"] || Key <- Keys]), "]"];
%% The nodes on which mnesia runs, as this node believes.
carry_out([<<"running">>]) ->
    Names = [hd(string:lexemes(atom_to_list(Node), "@")) || Node <- mnesia:system_info(running_db_nodes)],
    ["value ", lists:join(" ", lists:sort(Names))];
%% Sends something to all other nodes of the schema, whose connections this makes again.
carry_out([<<"talk">>]) ->
    [net_adm:ping(Node) || Node <- mnesia:system_info(db_nodes)],
    "ok";
carry_out(_) ->
    "error unknown command".

transaction(Fun) ->
    case mnesia:transaction(Fun) of
        {atomic, [{kv, _, Value}]} -> ["value ", Value];
        {atomic, []} -> "absent";
        {atomic, ok} -> "ok";
        {aborted, Reason} -> io_lib:format("aborted ~0p", [Reason])
    end.
