#!/bin/sh
# Echo as a shell script. With `shout` a text that ends with 7 is answered in capitals.

field() { printf '%s\n' "$line" | sed -n "s/.*\"$1\":\(\"[^\"]*\"\|[0-9]*\).*/\1/p"; }

number=0
while read -r line; do
    number=$((number + 1))
    reply="\"msg_id\":$number,\"in_reply_to\":$(field msg_id)"
    case $(field type) in
    '"init"') node=$(field node_id) body="\"type\":\"init_ok\"" ;;
    '"topology"') body="\"type\":\"topology_ok\"" ;;
    '"echo"')
        text=$(field echo)
        case $1$text in shout*7\") text=$(printf '%s' "$text" | tr a-z A-Z) ;; esac
        body="\"type\":\"echo_ok\",\"echo\":$text"
        ;;
    *) body="\"type\":\"error\",\"code\":10,\"text\":\"unknown\"" ;;
    esac
    printf '{"src":%s,"dest":%s,"body":{%s,%s}}\n' "$node" "$(field src)" "$body" "$reply"
done
