#!/bin/sh
# Starts vsftpd with the account "hestat" and the generated password.
set -eu
umask 077
# PAM compares passwords with a hash: SHA-512 of crypt(3) with a random salt.
perl -e '
    open my $random, "<", "/dev/urandom" or die; read $random, my $salt, 8;
    chomp(my $password = <STDIN>);
    print "hestat:", crypt($password, "\$6\$" . unpack("H*", $salt)), "\n"
' < /identity/password > /tmp/passwords
# vsftpd needs a log file.
: > /tmp/vsftpd.log
tail -f /tmp/vsftpd.log &
exec /usr/sbin/vsftpd /etc/vsftpd.conf
