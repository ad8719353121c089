#!/bin/sh
# The main job end to end: encrypts a CSV file, uploads it over FTPS, computes on the ciphertext at the server, downloads,
# decrypts, and compares with the clear data. Client and server are two containers where that is possible, else one process
# on this machine. Leaves data/decrypted_results.csv; ends with 0 only if every statistic is equal.
set -eu
trap 'exit 130' HUP INT TERM
trap 'exit 141' PIPE

usage="usage: ./run.sh [--containers | --local] [--keep] [CSV]

  --containers  client and server in containers, or an error if that is impossible
  --local       without containers: Rust and a C compiler are needed
  --keep        leave the containers running: docker exec -it client sh
  CSV           the table; by default data/framingham_heart_disease_raw.csv if it is there, else
                data/framingham_synthetic.csv

Takes containers if an engine answers, compose is there, and the base images are there or can be pulled."

fail() {
    code=$1
    shift
    echo "run.sh: $*" >&2
    exit "$code"
}

way=''
keep=''
csv=''
for argument; do
    case $argument in
        --help | -h)
            echo "$usage"
            exit 0
            ;;
        --containers | --local)
            [ -z "$way" ] || [ "$way" = "${argument#--}" ] || fail 2 "--containers and --local exclude each other"
            way=${argument#--}
            ;;
        --keep) keep=yes ;;
        -?*)
            echo "run.sh: unknown option $argument" >&2
            echo "$usage" >&2
            exit 2
            ;;
        *)
            [ -z "$csv" ] || fail 2 "one CSV file at a time: $csv, or $argument?"
            [ -n "$argument" ] || fail 2 "the CSV file's name is empty"
            csv=$argument
            ;;
    esac
done

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
case $csv in
    /*) ;;
    ?*) csv=$PWD/$csv ;;
    *)
        csv=$here/data/framingham_heart_disease_raw.csv
        [ -e "$csv" ] || csv=$here/data/framingham_synthetic.csv
        ;;
esac
if [ ! -f "$csv" ] || [ ! -r "$csv" ]; then
    fail 3 "cannot read $csv; name an existing CSV file"
fi
cd "$here"

# ---- without containers

locally() {
    # What is chosen by variables for other commands is not chosen here.
    for name in $(env | sed -n 's/^\(HESTAT_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
    command -v cargo >/dev/null || fail 1 "cargo is missing; install Rust (https://rustup.rs), then run this again"
    if ! command -v cc >/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq && apt-get install -y -qq gcc libc6-dev
        else
            fail 1 "a C compiler is missing; install one (Debian: apt-get install gcc libc6-dev)"
        fi
    fi
    echo "Building (the first time takes some minutes) ..." >&2
    cargo build --release --locked --quiet
    echo "Encrypting $csv, over FTPS to a server of its own, computing there, and back ..." >&2
    exec cargo run --release --locked --quiet -- run --input "$csv" --output data/decrypted_results.csv --check
}

# ---- with containers

# The lock is this script's alone: what it leaves behind when it is killed must not hold it.
docker() {
    command docker "$@" 9<&-
}

compose() {
    # shellcheck disable=SC2086 # words
    $apart $composer "$@" 9<&-
}
# How compose is spelt here, and what runs it, if anything.
composer='docker compose'
command docker compose version >/dev/null 2>&1 || composer=docker-compose
apart=''
unset COMPOSE_FILE

# Says why containers are impossible; nothing if they are possible.
obstacle() {
    command docker --version >/dev/null 2>&1 || { echo "docker is not installed" && return; }
    docker info >/dev/null 2>&1 || { echo "no container engine answers" && return; }
    compose version >/dev/null 2>&1 || { echo "neither docker compose nor docker-compose is installed" && return; }
    images=$(compose config 2>/dev/null | sed -n 's/^ *\(RUST\|DEBIAN\)_IMAGE: //p' | sort -u)
    [ -n "$images" ] || { echo "docker-compose.yml, with .env if there is one, is not understood by compose" && return; }
    for image in $images; do
        docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >/dev/null 2>&1 || {
            echo "the base image $image is not here and cannot be pulled (docker/base-images.sh makes it)"
            return
        }
    done
}

# Volumes hold keys: they go only if no job needs its key any more. Nobody can begin one after the question.
take_down() {
    # To the end, even if nobody hears or reads along any more.
    trap '' HUP INT TERM PIPE
    set +e
    [ -z "$keep" ] || return 0
    echo "Taking the containers down ..." >&2
    # Compose itself would hear a Ctrl-C, in the terminal's foreground.
    if command -v setsid >/dev/null; then apart='setsid --wait'; fi
    # All that may have been started beside them, too.
    export COMPOSE_PROFILES=vsftpd,fog
    compose stop --timeout 2 >/dev/null 2>&1 </dev/null
    volumes=--volumes
    # By the client's user, for hestat reads no state that belongs to another one, not even as root.
    if ! jobs=$(compose run --rm --no-deps -T --user 65001:65001 setup hestat jobs --json --state /keys 2>/dev/null </dev/null); then
        echo "run.sh: the volumes stay, for it cannot be found out whether a job still needs its key in there" >&2
        volumes=''
    elif ! are_finished "$jobs"; then
        echo "run.sh: the volumes stay, for they hold the keys of unfinished jobs: docker-compose up -d, hestat jobs" >&2
        volumes=''
    fi
    compose down $volumes --remove-orphans >/dev/null 2>&1 </dev/null || {
        echo "run.sh: not all could be taken down; docker ps -a, docker volume ls, docker network ls show what is left" >&2
        exit 1
    }
}

# Of this list, or whether there are none.
are_finished() {
    [ "$(echo "$1" | grep -c '"job": ')" = "$(echo "$1" | grep -c '"phase": "decrypted"')" ]
}

# The names that the containers have may be another's.
keep_off() {
    for name in client server; do
        other=$(docker container inspect --format '{{index .Config.Labels "com.docker.compose.project.working_dir"}}' $name 2>/dev/null) ||
            continue
        [ "$other" = "$here" ] ||
            fail 1 "there is a container called $name already${other:+, started in $other: docker-compose down there ends it}"
    done
}

# Starts what is not running as it should.
start() {
    if ! compose up -d >&2; then
        # They may run as they were meant to before a change of addresses.
        compose down >&2
        compose up -d >&2 || fail 1 "the containers could not be started (why is said above); if their network overlaps with another one," \
            "HESTAT_NETWORK=10.77.7 (the first three numbers of their addresses) takes one that is free"
    fi
    for name in client server; do
        # Somebody may have removed the folder, or put another in its place.
        [ "$(docker exec $name stat -c %d:%i /data 2>/dev/null)" = "$(stat -c %d:%i "data/$name" 2>/dev/null)" ] || {
            compose up -d --force-recreate client server >&2
            break
        }
    done
}

# Until the client reaches the server, or a minute has passed.
until_reachable() {
    end=$(($(date +%s) + 60))
    until said=$(docker exec client hestat ping --quiet --retries 0 --server-timeout 5 2>&1); do
        [ "$(date +%s)" -lt $end ] || fail 1 "the client does not reach the server: $said"
        sleep 1
    done
}

# Whether what the client has mounted is the table itself, and not one that had its name before, and may be read there.
is_mounted() {
    inside=$(docker exec client stat -Lc %d:%i /input/table.csv 2>/dev/null) &&
        [ "$inside" = "$(stat -Lc %d:%i "$csv" 2>/dev/null)" ] &&
        docker exec client test -r /input/table.csv
}

in_containers() {
    if command -v flock >/dev/null; then
        exec 9<"$here/run.sh"
        flock -n 9 || fail 1 "another run.sh is at work here; wait for its end"
    fi
    [ -w data ] || fail 8 "cannot write into $here/data"
    keep_off
    export HESTAT_CSV="$csv" HESTAT_NO_COMPUTE=false
    echo "Building the images (the first time takes some minutes) ..." >&2
    compose build --force-rm >&2 || fail 1 "the images could not be built"
    trap take_down EXIT
    start
    until_reachable
    echo "Encrypting $csv in one container, computing in the other ..." >&2
    terminal=
    if [ -t 1 ] && [ -t 2 ]; then terminal=-t; fi
    code=0
    docker exec client touch /tmp/began
    if is_mounted; then
        docker exec $terminal client hestat run --check || code=$?
    else
        docker exec -i client hestat run --check --input - <"$csv" || code=$?
    fi
    # It is 1 if statistics differ, but also if the engine's own command has failed: what lies there may be an earlier job's.
    if [ $code = 0 ] || { [ $code = 1 ] && docker exec client test /data/decrypted_results.csv -nt /tmp/began; }; then
        docker exec client cat /data/decrypted_results.csv >data/.decrypted_results.csv
        mv data/.decrypted_results.csv data/decrypted_results.csv
        echo "The statistics are in data/decrypted_results.csv" >&2
    elif [ -e data/decrypted_results.csv ]; then
        echo "What lies in data/decrypted_results.csv is an earlier run's" >&2
    fi
    [ -z "$keep" ] || echo "The containers go on: docker exec -it client sh, docker exec -it server sh" >&2
    exit $code
}

[ "$way" != local ] || locally
reason=$(obstacle)
if [ -z "$reason" ]; then
    in_containers
elif [ "$way" = containers ]; then
    fail 1 "no containers: $reason; docker/base-images.sh makes base images where no registry can be reached"
fi
echo "Without containers: $reason" >&2
locally
