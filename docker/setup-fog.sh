#!/bin/sh
# Runs as root at every start of profile fog, before client and nodes: generates missing identities and gives each party the
# fingerprints of its peers, so that no key is trusted on first use. Volumes: /client, /node-1 and /node-2 (state directories,
# read-only for their owners), and /keys (the client's RSA key).
set -eu
umask 077

# The users of the containers.
client=65003
node_1=65004
node_2=65005

# Generates the identity $2 in the state directory $1 if it is missing. The directory belongs to root while hestat runs,
# because hestat refuses keys in files of other users.
generate_identity() {
    if [ ! -e "$1/identities/$2.pem" ]; then
        chown -R 0:0 "$1"
        hestat identity new --quiet --state "$1" "$2" > /dev/null
    fi
}

# Prints the fingerprint of identity $2 in the state directory $1 of another user, from copies that belong to root.
fingerprint() {
    rm -rf /tmp/state
    mkdir /tmp/state
    cp -R "$1/identities" /tmp/state
    output=$(hestat identity show --state /tmp/state "$2")
    rm -rf /tmp/state
    echo "$output" | sed -n 's/^fingerprint *//p'
}

# Writes standard input to the file $2 of user $1, atomically and with the right owner.
write_for() {
    cat > "$2.new"
    chown "$1:$1" "$2.new"
    mv "$2.new" "$2"
}

generate_identity /client fog-client
generate_identity /node-1 fog-node
generate_identity /node-2 fog-node
client_fingerprint=$(fingerprint /client fog-client)
fingerprint_1=$(fingerprint /node-1 fog-node)
fingerprint_2=$(fingerprint /node-2 fog-node)
printf '%s fog-node-1\n%s fog-node-2\n' "$fingerprint_1" "$fingerprint_2" | write_for $client /client/nodes
echo "$HESTAT_FOG_CONNECT $client_fingerprint" | write_for $node_1 /node-1/known_peers
echo "$HESTAT_FOG_CONNECT $client_fingerprint" | write_for $node_2 /node-2/known_peers
# Mount point of the volume that is /keys here.
mkdir -p /client/rsa
chown -R $client:$client /client
chown -R $node_1:$node_1 /node-1
chown -R $node_2:$node_2 /node-2
chown $client:$client /keys
chmod 700 /client /keys /node-1 /node-2
