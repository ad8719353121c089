"""Python's ftplib as a client of the hestat server: what must work, and what must be refused."""

import ftplib
import io
import os
import pathlib
import ssl
import sys
import time

port, user, certificate, root = sys.argv[1:]
password, root = os.environ["PASSWORD"], pathlib.Path(root)
DATA = bytes(range(256)) * 1000
NAME = "Fähre nach Überlingen.bin"


def tls(version=ssl.TLSVersion.MAXIMUM_SUPPORTED):
    """Returns a context that verifies the certificate and its address."""
    context = ssl.create_default_context(cafile=certificate)
    context.maximum_version = version
    return context


def connect(kind, **options):
    session = kind(encoding="utf-8", timeout=20, **options)
    session.connect("127.0.0.1", int(port))
    return session


def log_in(version=ssl.TLSVersion.MAXIMUM_SUPPORTED):
    session = connect(ftplib.FTP_TLS, context=tls(version))
    session.login(user, password)
    session.prot_p()
    return session


def refused(attempt, *arguments):
    """Asserts that the attempt is refused permanently (5yz). Returns the reply."""
    try:
        attempt(*arguments)
    except ftplib.error_perm as reply:
        return str(reply)
    raise AssertionError(f"{attempt} with {arguments} was not refused")


def get(session, name, rest=None):
    received = io.BytesIO()
    session.retrbinary(f"RETR {name}", received.write, rest=rest)
    return received.getvalue()


def put(session, data, name, rest=None):
    session.storbinary(f"STOR {name}", io.BytesIO(data), rest=rest)


def files(session):
    put(session, DATA, NAME)
    assert (root / NAME).read_bytes() == DATA
    assert get(session, NAME) == DATA
    assert session.size(NAME) == len(DATA)
    assert session.nlst() == [NAME]
    facts = dict(session.mlsd(facts=["type", "size"]))
    assert facts[NAME]["type"] == "file" and facts[NAME]["size"] == str(len(DATA)), facts
    # A resumed upload and a resumed download.
    (root / NAME).write_bytes(b"#" * 5000)
    put(session, DATA[5000:], NAME, rest=5000)
    assert (root / NAME).read_bytes() == b"#" * 5000 + DATA[5000:]
    assert get(session, NAME, rest=255_000) == DATA[255_000:]
    # The restart offset applies to one transfer only.
    assert len(get(session, NAME)) == len(DATA)
    session.rename(NAME, "new name")
    assert session.nlst() == ["new name"]
    session.delete("new name")
    assert list(root.glob("*name*")) == []
    put(session, b"", "empty")
    assert get(session, "empty") == b"" and session.size("empty") == 0
    session.delete("empty")


def directories(session):
    session.mkd("Ordner")
    session.cwd("Ordner")
    assert session.pwd() == "/Ordner"
    put(session, b"1", "a")
    assert session.nlst() == ["a"] and session.nlst("/Ordner") == ["a"] and session.nlst("/") == ["Ordner"]
    assert "not empty" in refused(session.rmd, "/Ordner")
    session.delete("a")
    assert session.nlst() == []
    session.cwd("..")
    session.rmd("Ordner")
    assert session.nlst() == []


def aborts(session):
    (root / "big").write_bytes(bytes(64 << 20))
    for command in ["RETR big", "STOR new"]:
        session.voidcmd("TYPE I")
        data = session.transfercmd(command)
        if command == "RETR big":
            data.recv(1000)
        begun = time.monotonic()
        assert session.abort().startswith("426")
        assert session.voidresp().startswith("226")
        assert time.monotonic() - begun < 5
        data.close()
    assert get(session, "big", rest=(64 << 20) - 5) == bytes(5)
    session.delete("big")
    session.delete("new")


def other_encodings():
    session = connect(ftplib.FTP_TLS, context=tls())
    session.encoding = "latin-1"
    session.login(user, password)
    session.prot_p()
    for name in ["Müller", "Möller"]:
        assert refused(put, session, b"x", name).startswith("553")
        assert refused(session.mkd, name).startswith("501")
    assert session.nlst() == []
    session.quit()


def missing(session):
    for attempt in [session.size, session.delete, session.cwd, session.rmd, session.nlst]:
        assert refused(attempt, "absent").startswith("550"), attempt
    refused(get, session, "absent")
    refused(put, session, b"", "absent/file")
    refused(session.rename, "absent", "other")
    refused(session.cwd, "/..")
    # The session still works.
    assert session.nlst() == []


def plain_data_is_refused():
    session = connect(ftplib.FTP_TLS, context=tls())
    session.login(user, password)
    (root / "secret").write_bytes(b"x")
    refused(session.nlst)
    refused(get, session, "secret")
    refused(put, session, b"x", "plain")
    refused(session.prot_c)
    session.prot_p()
    refused(session.prot_c)
    refused(session.ccc)
    assert get(session, "secret") == b"x" and not (root / "plain").exists()
    session.delete("secret")
    session.quit()


def plain_logins_are_refused():
    session = connect(ftplib.FTP)
    # Refused before the password is asked for.
    refused(session.sendcmd, f"USER {user}")
    refused(session.sendcmd, f"PASS {password}")
    refused(session.pwd)
    refused(session.nlst)
    session.close()
    session = connect(ftplib.FTP)
    refused(session.login, user, password)


def wrong_logins_are_refused():
    for name, word in [(user, "guessed"), ("other", password), (user, "")]:
        session = connect(ftplib.FTP_TLS, context=tls())
        assert refused(session.login, name, word).startswith("530")
        refused(session.pwd)
        session.close()


for newest in [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3]:
    with log_in(newest) as session:
        assert session.sock.version() == newest.name.replace("_", ".")
        files(session)
        directories(session)
        missing(session)
        aborts(session)
other_encodings()
plain_data_is_refused()
plain_logins_are_refused()
wrong_logins_are_refused()
print("all passed")
