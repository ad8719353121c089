#!/bin/sh
# Runs once at every start of the containers, before the others and as root: makes what is not there yet, and gives each side
# what it may have. Finds the checkout's data in /checkout and volumes in /identity (the server's), /introduction (what the
# client knows of the server) and /keys (the client's).
set -eu

# Whom the processes of the two containers belong to, and the person whose checkout it is.
client=65001
server=65002
person=$(stat -c %u /checkout)

# The container's user $2 and the person may do everything in the folder $1, whoever makes a file there; nobody else may do
# anything. What was made there with a private mode is shared at the next start.
share() {
    mkdir -p "$1"
    chown "$(stat -c %u:%g /checkout)" "$1"
    if setfacl --modify "$(access "$2" rwx),$(access "$2" rwx | sed 's/^/d:/; s/,/,d:/g'),d:u::rwx" "$1" 2>/tmp/why; then
        # Some of it may vanish meanwhile.
        find "$1" -xdev -mindepth 1 -type d -exec setfacl --modify \
            "$(access "$2" rwx),$(access "$2" rwx | sed 's/^/d:/; s/,/,d:/g'),d:u::rwx" {} + || true
        find "$1" -xdev -type f -perm /111 -exec setfacl --modify "$(access "$2" rwx)" {} + || true
        find "$1" -xdev -type f ! -perm /111 -exec setfacl --modify "$(access "$2" rw)" {} + || true
    else
        echo "note: no access control lists in $1 ($(head -n 1 /tmp/why)): what the container makes belongs to user $2," \
            "and is shared with you at the next start, or by: docker-compose run --rm setup" >&2
        find "$1" -xdev ! -type l -exec chown "$2:$(stat -c %g /checkout)" {} + -exec chmod ug+rwX,o-rwx {} + || true
        find "$1" -xdev -type d -exec chmod g+s {} + || true
    fi
}

# That $1 and the person may do $2.
access() {
    echo "u:$1:$2,u:$person:$2,g::-,o::-"
}

# Certificate, key and password; a certificate for other names than are wanted now is replaced.
identify() {
    if [ "$(cat /identity/names 2>/dev/null)" != "$HESTAT_NAME" ]; then
        rm -f /identity/certificate.pem
        echo "$HESTAT_NAME" > /identity/names
    fi
    env -u HESTAT_PASSWORD_FILE hestat serve --prepare --quiet --data /checkout/server --server-state /identity > /dev/null
}

# Puts standard input into the file $1, which nobody sees half written.
put() {
    cat > "$1.new"
    mv "$1.new" "$1"
}

# The client gets the password and the public certificate.
introduce() {
    put /introduction/certificate.pem < /identity/certificate.pem
    put /introduction/password < /identity/password
    password=$(head -n 1 /identity/password)
    for name in $(echo "$HESTAT_NAME" | tr ',' ' '); do
        echo "machine $name login hestat password $password"
    done | put /introduction/netrc
}

# Gives the volume $1 to the container's user $2.
give() {
    chown -R "$2:$2" "$1"
    chmod 700 "$1"
}

share /checkout/client $client
share /checkout/client/state $client
share /checkout/server $server
umask 077
identify
introduce
give /identity $server
give /introduction $client
give /keys $client
