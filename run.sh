#!/bin/sh
# Runs a whole job: encrypts a CSV file, uploads it over FTPS, computes on ciphertext, downloads and decrypts the totals, and
# compares the statistics with those of the plaintext data. Client and server are two containers if possible, otherwise one
# process on this machine. Writes data/decrypted_results.csv. The exit code is 0 only if all statistics are equal.
set -eu
trap 'exit 130' HUP INT TERM
trap 'exit 141' PIPE

usage="usage: ./run.sh [--containers | --local] [--keep] [CSV]

  --containers  run client and server in containers; fail if that is impossible
  --local       run without containers; needs Rust and a C compiler
  --keep        leave the containers running: docker exec -it client sh
  CSV           the table; default: data/framingham_heart_disease_raw.csv if it exists, otherwise
                data/framingham_synthetic.csv

Uses containers if a container engine is running, Compose is installed, and the base images exist or can be pulled."

fail() {
    code=$1
    shift
    echo "run.sh: $*" >&2
    exit "$code"
}

mode=''
keep=''
csv=''
for argument; do
    case $argument in
        --help | -h)
            echo "$usage"
            exit 0
            ;;
        --containers | --local)
            [ -z "$mode" ] || [ "$mode" = "${argument#--}" ] || fail 2 "--containers and --local cannot be used together"
            mode=${argument#--}
            ;;
        --keep) keep=yes ;;
        -?*)
            echo "run.sh: unknown option $argument" >&2
            echo "$usage" >&2
            exit 2
            ;;
        *)
            [ -z "$csv" ] || fail 2 "give one CSV file: $csv or $argument"
            [ -n "$argument" ] || fail 2 "the CSV file's name is empty"
            csv=$argument
            ;;
    esac
done

checkout=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
case $csv in
    /*) ;;
    ?*) csv=$PWD/$csv ;;
    *)
        csv=$checkout/data/framingham_heart_disease_raw.csv
        [ -e "$csv" ] || csv=$checkout/data/framingham_synthetic.csv
        ;;
esac
if [ ! -f "$csv" ] || [ ! -r "$csv" ]; then
    fail 3 "cannot read $csv: no such file, or not readable"
fi
cd "$checkout"

# Without containers

run_locally() {
    # Variables that configure other commands must not affect this one.
    for name in $(env | sed -n 's/^\(HESTAT_[A-Z_]*\)=.*/\1/p'); do unset "$name"; done
    command -v cargo >/dev/null || fail 1 "cargo is missing; install Rust (https://rustup.rs) and try again"
    if ! command -v cc >/dev/null; then
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
            apt-get update -qq && apt-get install -y -qq gcc libc6-dev
        else
            fail 1 "a C compiler is missing; install one (Debian: apt-get install gcc libc6-dev)"
        fi
    fi
    echo "Building (the first build takes several minutes) ..." >&2
    cargo build --release --locked --quiet
    echo "Encrypting $csv, computing on a local FTPS server, decrypting ..." >&2
    exec cargo run --release --locked --quiet -- run --input "$csv" --output data/decrypted_results.csv --check
}

# With containers

# Children must not inherit the lock (file descriptor 9): they would keep it if this script is killed.
docker() {
    command docker "$@" 9<&-
}

compose_command='docker compose'
command docker compose version >/dev/null 2>&1 || compose_command=docker-compose
# A command that starts compose, with its options.
compose_prefix=''
unset COMPOSE_FILE
compose() {
    # shellcheck disable=SC2086 # lists of words
    $compose_prefix $compose_command "$@" 9<&-
}

# Prints what containers need and is missing; prints nothing if they can be used.
missing_for_containers() {
    command docker --version >/dev/null 2>&1 || { echo "docker is not installed" && return; }
    docker info >/dev/null 2>&1 || { echo "no container engine is running" && return; }
    compose version >/dev/null 2>&1 || { echo "neither docker compose nor docker-compose is installed" && return; }
    images=$(compose config 2>/dev/null | sed -n 's/^ *\(RUST\|DEBIAN\)_IMAGE: //p' | sort -u)
    [ -n "$images" ] || { echo "compose cannot read docker-compose.yml (and .env, if it exists)" && return; }
    for image in $images; do
        docker image inspect "$image" >/dev/null 2>&1 || docker pull --quiet "$image" >/dev/null 2>&1 || {
            echo "the base image $image does not exist on this machine and cannot be pulled (docker/base-images.sh builds it)"
            return
        }
    done
}

# Stops the containers. Their volumes contain keys and are removed only if no job needs its key. The client is stopped before
# this is checked, so no job can start after the check.
stop_containers() {
    # Finish even if the terminal is closed.
    trap '' HUP INT TERM PIPE
    set +e
    [ -z "$keep" ] || return 0
    echo "Stopping the containers ..." >&2
    # In its own session, compose does not receive Ctrl-C from the terminal.
    if command -v setsid >/dev/null; then compose_prefix='setsid --wait'; fi
    # Include the services of all profiles.
    export COMPOSE_PROFILES=vsftpd,fog
    compose stop --timeout 2 >/dev/null 2>&1 </dev/null
    volumes=--volumes
    # As the client's user: hestat refuses a state directory of another user, even as root.
    if ! jobs=$(compose run --rm --no-deps -T --user 65001:65001 setup \
        hestat jobs --json --state /keys 2>/dev/null </dev/null); then
        echo "run.sh: the volumes are kept: cannot check whether a job still needs its key" >&2
        volumes=''
    elif ! all_decrypted "$jobs"; then
        echo "run.sh: the volumes are kept: they contain the keys of unfinished jobs; run docker-compose up -d, then" \
            "docker exec client hestat jobs" >&2
        volumes=''
    fi
    compose down $volumes --remove-orphans >/dev/null 2>&1 </dev/null || {
        echo "run.sh: cannot remove everything; docker ps -a, docker volume ls and docker network ls show the rest" >&2
        exit 1
    }
}

# Whether all jobs in $1, the JSON output of hestat jobs, are decrypted.
all_decrypted() {
    [ "$(echo "$1" | grep -c '"job": ')" = "$(echo "$1" | grep -c '"phase": "decrypted"')" ]
}

# Fails if there are containers of another checkout with the same names.
require_free_names() {
    label=com.docker.compose.project.working_dir
    for name in client server; do
        other=$(docker container inspect --format "{{index .Config.Labels \"$label\"}}" $name 2>/dev/null) || continue
        [ "$other" = "$checkout" ] ||
            fail 1 "a container called $name already exists${other:+; it was started in $other: run docker-compose down there}"
    done
}

# Starts the containers that are not running, and replaces outdated ones.
start() {
    if ! compose up -d >&2; then
        # Containers with earlier addresses may still be running.
        compose down >&2
        compose up -d >&2 || fail 1 "cannot start the containers (see above); if their network overlaps with another one," \
            "set HESTAT_NETWORK=10.77.7 (the first three numbers of a free network)"
    fi
    for name in client server; do
        # The mounted directory may have been removed or replaced.
        [ "$(docker exec $name stat -c %d:%i /data 2>/dev/null)" = "$(stat -c %d:%i "data/$name" 2>/dev/null)" ] || {
            compose up -d --force-recreate client server >&2
            break
        }
    done
}

# Waits up to a minute until the client can use the server.
wait_until_reachable() {
    end=$(($(date +%s) + 60))
    until output=$(docker exec client hestat ping --quiet --retries 0 --server-timeout 5 2>&1); do
        [ "$(date +%s)" -lt $end ] || fail 1 "the client cannot use the server: $output"
        sleep 1
    done
}

# Whether the client has mounted this file (not an earlier one of the same name) and can read it.
is_mounted() {
    inside=$(docker exec client stat -Lc %d:%i /input/table.csv 2>/dev/null) &&
        [ "$inside" = "$(stat -Lc %d:%i "$csv" 2>/dev/null)" ] &&
        docker exec client test -r /input/table.csv
}

run_in_containers() {
    if command -v flock >/dev/null; then
        exec 9<"$checkout/run.sh"
        flock -n 9 || fail 1 "another run.sh is running here; wait until it has ended"
    fi
    [ -w data ] || fail 8 "cannot write into $checkout/data"
    require_free_names
    export HESTAT_CSV="$csv" HESTAT_NO_COMPUTE=false
    echo "Building the images (the first build takes several minutes) ..." >&2
    compose build --force-rm >&2 || fail 1 "cannot build the images"
    trap stop_containers EXIT
    start
    wait_until_reachable
    echo "Encrypting $csv in one container, computing in the other ..." >&2
    terminal=''
    if [ -t 1 ] && [ -t 2 ]; then terminal=-t; fi
    code=0
    docker exec client touch /tmp/started
    if is_mounted; then
        docker exec $terminal client hestat run --check || code=$?
    else
        docker exec -i client hestat run --check --input - <"$csv" || code=$?
    fi
    # 1: statistics differ, or docker exec itself failed. If it failed, the file may be from an earlier job.
    if [ $code = 0 ] || { [ $code = 1 ] && docker exec client test /data/decrypted_results.csv -nt /tmp/started; }; then
        docker exec client cat /data/decrypted_results.csv >data/.decrypted_results.csv
        mv data/.decrypted_results.csv data/decrypted_results.csv
        echo "The statistics are in data/decrypted_results.csv" >&2
    elif [ -e data/decrypted_results.csv ]; then
        echo "data/decrypted_results.csv is from an earlier run" >&2
    fi
    [ -z "$keep" ] || echo "The containers are still running: docker exec -it client sh, docker exec -it server sh" >&2
    exit $code
}

[ "$mode" != local ] || run_locally
missing=$(missing_for_containers)
if [ -z "$missing" ]; then
    run_in_containers
elif [ "$mode" = containers ]; then
    fail 1 "cannot use containers: $missing; without a registry, docker/base-images.sh builds the base images"
fi
echo "Running without containers: $missing" >&2
run_locally
