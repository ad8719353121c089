#!/bin/sh
# Usage: share.sh USER [DIRECTORY...]. Shares /shared and everything created in it between USER (the number of the container's
# user) and the owner of the checkout, but with nobody else. Creates each DIRECTORY in it. Files that were created with a
# private mode are shared at the next start.
#
# Runs as root while others can write to the same directory, so a symbolic link can replace a file at any moment. Following it
# does no harm: this container has only the directory and, read-only, the Compose file.
set -eu

user=$1
shift
owner=$(stat -c %u /owner)
group=$(stat -c %g /owner)

# Prints access control entries with the permissions $1 for both users.
entries() {
    echo "u:$user:$1,u:$owner:$1,g::-,o::-"
}
directory_entries=$(entries rwx),$(entries rwx | sed 's/^/d:/; s/,/,d:/g'),d:u::rwx

chown "$owner:$group" /shared
for directory; do
    mkdir -p "/shared/$directory"
done
# Files may disappear while this runs, so errors of find are ignored.
if setfacl --modify "$directory_entries" /shared 2>/tmp/error; then
    find /shared -xdev -mindepth 1 -type d -exec setfacl --modify "$directory_entries" {} + || true
    find /shared -xdev -type f -perm /111 -exec setfacl --modify "$(entries rwx)" {} + || true
    find /shared -xdev -type f ! -perm /111 -exec setfacl --modify "$(entries rw)" {} + || true
else
    echo "note: access control lists are not supported here ($(head -n 1 /tmp/error)): files of the container belong to user" \
        "$user and are shared with you and your group at the next start (docker-compose up -d)" >&2
    find /shared -xdev ! -type l -exec chown "$user:$group" {} + -exec chmod ug+rwX,o-rwx {} + || true
    find /shared -xdev -type d -exec chmod g+s {} + || true
fi
