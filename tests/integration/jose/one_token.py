"""Encrypts and decrypts tokens with jwcrypto, a JOSE library that shares no code with hestat.

one_token.py open PRIVATE_PEM TOKEN           prints the protected header, a newline and the plaintext
one_token.py seal PUBLIC_PEM HEADER PLAINTEXT prints the token
"""

import sys

from jwcrypto import jwe, jwk

command, key_file, *rest = sys.argv[1:]
with open(key_file, "rb") as file:
    key = jwk.JWK.from_pem(file.read())


def read(path):
    with open(path, "rb") as file:
        return file.read()


if command == "open":
    token = jwe.JWE()
    try:
        token.deserialize(read(rest[0]).decode("ascii"), key)
    except jwe.InvalidJWEData:
        # The library reports a decrypted but empty plaintext as an error.
        if token.decryptlog != ["Success"] or token.plaintext != b"":
            raise
    sys.stdout.buffer.write(token.objects["protected"].encode() + b"\n" + token.plaintext)
else:
    token = jwe.JWE(read(rest[1]), protected=rest[0], recipient=key)
    sys.stdout.buffer.write(token.serialize(compact=True).encode())
