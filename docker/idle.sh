#!/bin/sh
# First process of a container that is used through docker exec: keeps it running. When the container stops, terminates the
# other processes and waits up to 0.8 s for them, so that an interrupted upload can be resumed.

other_processes_exist() {
    set -- /proc/[0-9]*
    [ $# -gt 1 ]
}

terminate() {
    trap '' TERM INT
    kill -TERM -1 2>/dev/null
    for _ in 1 2 3 4 5 6 7 8; do
        other_processes_exist || exit 0
        sleep 0.1
    done
    exit 0
}

trap terminate TERM INT
while :; do
    sleep 86400 &
    wait $!
done
