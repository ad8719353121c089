#!/bin/sh
# Runs at every start of profile fog, before client and nodes and as root: makes an identity for each where there is none yet,
# and tells each side the other's fingerprints, so that nobody is taken for the right one unseen. Finds volumes in /client,
# /node-1 and /node-2 (the states, which their owners can only read) and /keys (what the client adds to its own).
set -eu
umask 077

# Whom the processes of the containers belong to.
client=65003
node_1=65004
node_2=65005

# Makes the identity $2, which is what hestat fog calls it, in the state $1, unless it is there. The state is root's meanwhile,
# for hestat takes no keys from files of other users.
identify() {
    if [ ! -e "$1/identities/$2.pem" ]; then
        chown -R 0:0 "$1"
        hestat identity new --quiet --state "$1" "$2" > /dev/null
    fi
}

# That of the identity $2 in the state $1, which belongs to another user: hestat reads root's copies.
fingerprint() {
    rm -rf /tmp/state
    mkdir /tmp/state
    cp -R "$1/identities" /tmp/state
    told=$(hestat identity show --state /tmp/state "$2")
    rm -rf /tmp/state
    echo "$told" | sed -n 's/^fingerprint *//p'
}

# Puts standard input into the user $1's file $2, which nobody sees half written, or as somebody else's.
put() {
    cat > "$2.new"
    chown "$1:$1" "$2.new"
    mv "$2.new" "$2"
}

identify /client fog-client
identify /node-1 fog-node
identify /node-2 fog-node
key=$(fingerprint /client fog-client)
key_1=$(fingerprint /node-1 fog-node)
key_2=$(fingerprint /node-2 fog-node)
printf '%s fog-node-1\n%s fog-node-2\n' "$key_1" "$key_2" | put $client /client/nodes
echo "$HESTAT_FOG_CONNECT $key" | put $node_1 /node-1/known_peers
echo "$HESTAT_FOG_CONNECT $key" | put $node_2 /node-2/known_peers
# What is in /keys is mounted there.
mkdir -p /client/rsa
chown -R $client:$client /client
chown -R $node_1:$node_1 /node-1
chown -R $node_2:$node_2 /node-2
chown $client:$client /keys
chmod 700 /client /keys /node-1 /node-2
