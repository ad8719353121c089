#!/bin/sh
# Runs as root at every start, before the other containers: generates certificate and password if they are missing, and copies
# the client's part of them. Volumes: /identity (server), /introduction (what the client needs to know about the server), /keys
# (client).
set -eu
umask 077

# The users of the two containers.
client=65001
server=65002

# Generates certificate, key and password if they are missing. A certificate for other host names is replaced. The files belong
# to root while hestat runs, because hestat refuses secrets in files of other users.
generate_identity() {
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

# Writes standard input to the client's file $1, atomically and with the right owner.
write_for_client() {
    cat > "$1.new"
    chown "$client:$client" "$1.new"
    mv "$1.new" "$1"
}

# Gives the client the password and the certificate (not its private key).
copy_to_client() {
    write_for_client /introduction/certificate.pem < /identity/certificate.pem
    write_for_client /introduction/password < /identity/password
    password=$(head -n 1 /identity/password)
    for name in $(echo "$HESTAT_NAME" | tr ',' ' '); do
        echo "machine $name login hestat password $password"
    done | write_for_client /introduction/netrc
}

generate_identity
copy_to_client
chown -R "$server:$server" /identity
chown "$client:$client" /introduction /keys
chmod 700 /identity /introduction /keys
