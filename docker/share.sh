#!/bin/sh
# share.sh USER [FOLDER...]: gives the folder /shared, and what is made in it, to the container's user of this number and to the
# person whose checkout it is, and to nobody else; makes these folders in it. What was made there with a private mode is
# shared at the next start.
#
# Runs as root while others may write to the same folder, so a link may take a file's place at any moment: it follows that link
# in a container that has nothing but this folder.
set -eu

user=$1
shift
person=$(stat -c %u /owner)
group=$(stat -c %g /owner)

# That user and person may do $1.
access() {
    echo "u:$user:$1,u:$person:$1,g::-,o::-"
}
folders=$(access rwx),$(access rwx | sed 's/^/d:/; s/,/,d:/g'),d:u::rwx

chown "$person:$group" /shared
for folder; do
    mkdir -p "/shared/$folder"
done
# Some of it may vanish meanwhile.
if setfacl --modify "$folders" /shared 2>/tmp/why; then
    find /shared -xdev -mindepth 1 -type d -exec setfacl --modify "$folders" {} + || true
    find /shared -xdev -type f -perm /111 -exec setfacl --modify "$(access rwx)" {} + || true
    find /shared -xdev -type f ! -perm /111 -exec setfacl --modify "$(access rw)" {} + || true
else
    echo "note: no access control lists here ($(head -n 1 /tmp/why)): what the container makes belongs to user $user," \
        "and is shared with you and your group at the next start: docker-compose up -d" >&2
    find /shared -xdev ! -type l -exec chown "$user:$group" {} + -exec chmod ug+rwX,o-rwx {} + || true
    find /shared -xdev -type d -exec chmod g+s {} + || true
fi
