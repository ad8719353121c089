#!/bin/sh
# Builds the two base images of docker/Dockerfile without a registry: one from Debian packages; the other adds this machine's
# Rust toolchain and certificate authorities. Existing images are kept.
set -eu

usage="usage: docker/base-images.sh

Environment:
  DEBIAN_IMAGE   name of the first image   [debian:bookworm-slim]
  RUST_IMAGE     name of the second image  [rust:1.95-bookworm]
  DEBIAN_MIRROR  source of Debian packages  [http://deb.debian.org/debian]
  SECURITY_MIRROR  source of security updates  [http://deb.debian.org/debian-security]
  DEBIAN_KEYRING   keys that sign the packages  [/usr/share/keyrings/debian-archive-keyring.gpg]

Needs root, docker, debootstrap, gpgv, Debian's keys (Debian: apt-get install debootstrap gpgv debian-archive-keyring) and a
Rust toolchain from rustup. Rejects packages that are not signed with these keys."
case ${1:-} in
    "") ;;
    --help | -h)
        echo "$usage"
        exit 0
        ;;
    *)
        echo "$usage" >&2
        exit 2
        ;;
esac

debian_image=${DEBIAN_IMAGE:-debian:bookworm-slim}
rust_image=${RUST_IMAGE:-rust:1.95-bookworm}
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
security=${SECURITY_MIRROR:-http://deb.debian.org/debian-security}
keyring=${DEBIAN_KEYRING:-/usr/share/keyrings/debian-archive-keyring.gpg}

fail() {
    echo "base-images.sh: $*" >&2
    exit 1
}

exists() {
    docker image inspect "$1" >/dev/null 2>&1
}

# Creates the image $2 from the directory $1. The image gets its name only if it is complete.
import() {
    environment='ENV PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    rm -f "$root/complete"
    image=$({ tar -C "$1" --numeric-owner -c . && : >"$root/complete"; } |
        docker import --change 'CMD ["bash"]' --change "$environment" -)
    [ -e "$root/complete" ] || fail "cannot pack $1"
    docker tag "$image" "$2"
    echo "built $2" >&2
}

command -v docker >/dev/null || fail "docker is missing"
docker info >/dev/null 2>&1 || fail "cannot use a container engine; start one, or join the group with access to it"
if exists "$debian_image" && exists "$rust_image"; then
    echo "$debian_image and $rust_image already exist" >&2
    exit 0
fi
[ "$(id -u)" = 0 ] || fail "must run as root to build a Debian system"
command -v debootstrap >/dev/null || fail "debootstrap is missing; run apt-get install debootstrap"
command -v gpgv >/dev/null || fail "gpgv, which verifies signatures, is missing; run apt-get install gpgv"
[ -r "$keyring" ] || fail "Debian's keys are missing: cannot read $keyring; run" \
    "apt-get install debian-archive-keyring, or set DEBIAN_KEYRING to a file of trusted keys"

# A toolchain of rustup is one directory and can be copied; that of a distribution is spread over /usr.
command -v rustc >/dev/null || fail "rustc is missing; install Rust (https://rustup.rs)"
toolchain=$(rustc --print sysroot)
case $toolchain in
    /usr | /usr/local | /)
        fail "the Rust toolchain in $toolchain cannot be copied; install one with rustup (https://rustup.rs)"
        ;;
esac

case ${TMPDIR:=/tmp} in
    *[[:space:]]*) fail "debootstrap cannot work in $TMPDIR; set TMPDIR to a path without spaces" ;;
    /*) ;;
    *) TMPDIR=$PWD/$TMPDIR ;;
esac
root=$(mktemp -d "$TMPDIR/hestat-base-images.XXXXXX")
trap 'rm -rf "$root"' EXIT
trap 'exit 130' HUP INT TERM
system=$root/system
log=$root/log
chmod 755 "$root"

# The commands in the new system must not use a directory that exists only on this machine.
unset TMPDIR

# Runs a command and prints its output only if it fails.
run_quietly() {
    "$@" >"$log" 2>&1 || {
        tail -n 30 "$log" >&2
        fail "$1 failed"
    }
}

# Runs apt-get with these arguments in the new system, with this machine's resolv.conf meanwhile.
apt_get_in_system() {
    cp /etc/resolv.conf "$system/etc/resolv.conf"
    run_quietly chroot "$system" sh -c "apt-get update && DEBIAN_FRONTEND=noninteractive apt-get $*"
    rm -rf "$system"/var/lib/apt/lists/* "$system"/var/cache/apt/archives/*.deb "$system"/var/log/*.log
    : >"$system/etc/resolv.conf"
}

echo "Building a Debian system from $mirror ..." >&2
run_quietly debootstrap --force-check-gpg --keyring="$keyring" --variant=minbase --include=ca-certificates \
    bookworm "$system" "$mirror"
cat >"$system/etc/apt/sources.list" <<END
deb $mirror bookworm main
deb $mirror bookworm-updates main
deb $security bookworm-security main
END
# As in Docker's official images: start no services, keep no documentation and no package files.
printf '#!/bin/sh\nexit 101\n' >"$system/usr/sbin/policy-rc.d"
chmod 755 "$system/usr/sbin/policy-rc.d"
cat >"$system/etc/dpkg/dpkg.cfg.d/slim" <<END
path-exclude /usr/share/doc/*
path-exclude /usr/share/info/*
path-exclude /usr/share/locale/*
path-exclude /usr/share/man/*
path-include /usr/share/doc/*/copyright
END
echo 'DPkg::Post-Invoke { "rm -f /var/cache/apt/archives/*.deb /var/cache/apt/*.bin || true"; };' \
    >"$system/etc/apt/apt.conf.d/docker-clean"
echo 'Acquire::Languages "none";' >"$system/etc/apt/apt.conf.d/docker-no-languages"
rm -rf "$system/usr/share/locale" "$system/usr/share/man" "$system/usr/share/info"
find "$system/usr/share/doc" -type f ! -name copyright -delete
apt_get_in_system upgrade -y
exists "$debian_image" || import "$system" "$debian_image"

exists "$rust_image" && exit
echo "Adding $(rustc --version) ..." >&2
apt_get_in_system install -y --no-install-recommends gcc libc6-dev
for directory in bin lib libexec; do
    [ ! -d "$toolchain/$directory" ] || cp -a "$toolchain/$directory" "$system/usr/local/"
done
# This machine's certificate authorities, so that the same downloads work in the image.
[ ! -r /etc/ssl/certs/ca-certificates.crt ] || cp -L /etc/ssl/certs/ca-certificates.crt "$system/etc/ssl/certs/"
chown -R 0:0 "$system/usr/local"
import "$system" "$rust_image"
