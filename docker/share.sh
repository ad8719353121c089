#!/bin/sh
# share.sh USER [DIRECTORY...]: shares /shared, and what is created in it, between the container's user of this number and the
# owner of the checkout, and nobody else; creates these directories in it. Files with a private mode are shared at the next
# start.
#
# Runs as root while others may write to the same directory, so a link may replace a file at any moment. Such a link is followed in a
# container that has nothing but this directory.
set -eu

user=$1
shift
person=$(stat -c %u /owner)
group=$(stat -c %g /owner)

# Access control entries that allow $1 to both.
access() {
    echo "u:$user:$1,u:$person:$1,g::-,o::-"
}
directories=$(access rwx),$(access rwx | sed 's/^/d:/; s/,/,d:/g'),d:u::rwx

chown "$person:$group" /shared
for directory; do
    mkdir -p "/shared/$directory"
done
# Files may disappear meanwhile.
if setfacl --modify "$directories" /shared 2>/tmp/why; then
    find /shared -xdev -mindepth 1 -type d -exec setfacl --modify "$directories" {} + || true
    find /shared -xdev -type f -perm /111 -exec setfacl --modify "$(access rwx)" {} + || true
    find /shared -xdev -type f ! -perm /111 -exec setfacl --modify "$(access rw)" {} + || true
else
    echo "note: no access control lists here ($(head -n 1 /tmp/why)): files of the container belong to user $user," \
        "and are shared with you and your group at the next start (docker-compose up -d)" >&2
    find /shared -xdev ! -type l -exec chown "$user:$group" {} + -exec chmod ug+rwX,o-rwx {} + || true
    find /shared -xdev -type d -exec chmod g+s {} + || true
fi
