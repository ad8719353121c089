#!/bin/sh
# Runs at every start of the containers, before the others and as root: makes certificate and password where there are none
# yet, and gives each side what it may have. Finds volumes in /identity (the server's), /introduction (what the client knows of
# the server) and /keys (the client's).
set -eu
umask 077

# Whom the processes of the two containers belong to.
client=65001
server=65002

# Certificate, key and password; a certificate for other names than are wanted now is replaced. The files are root's while
# something is made, for hestat takes no secrets from files of other users.
identify() {
    if [ "$(cat /identity/names 2>/dev/null)" != "$HESTAT_NAME" ]; then
        rm -f /identity/certificate.pem
        echo "$HESTAT_NAME" > /identity/names
    fi
    if [ -e /identity/certificate.pem ] && [ -e /identity/key.pem ] && [ -e /identity/password ]; then
        return
    fi
    chown -R 0:0 /identity
    env -u HESTAT_PASSWORD_FILE hestat serve --prepare --quiet --data /tmp --server-state /identity > /dev/null
}

# Puts standard input into the client's file $1, which nobody sees half written, or as somebody else's.
put() {
    cat > "$1.new"
    chown "$client:$client" "$1.new"
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

identify
introduce
chown -R "$server:$server" /identity
chown "$client:$client" /introduction /keys
chmod 700 /identity /introduction /keys
