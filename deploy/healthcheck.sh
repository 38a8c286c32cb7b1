#!/bin/bash
# healthcheck PORT PATH: succeeds when http://127.0.0.1:PORT/PATH answers 200.
# Only bash, because neither our image nor Qdrant's has curl or wget.
exec 2>/dev/null
{ exec 3<>"/dev/tcp/127.0.0.1/${1:?}"; } || exit 1
printf 'GET %s HTTP/1.0\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n' "${2:?}" >&3
read -r -t 3 _ status _ <&3
[[ $status == 200 ]]
