"""Decrypts a file of tokens, one per line, with a JOSE library that limits their length, and prints the plaintexts.

short_tokens.py joserfc|python-jose PRIVATE_PEM TOKENS
"""

import sys

import jose.jwe
import joserfc.jwe
import joserfc.jwk

library, key_file, token_file = sys.argv[1:]
with open(key_file, "rb") as file:
    pem = file.read()
with open(token_file, "rb") as file:
    tokens = file.read().split()

# Unregistered header members are allowed: RFC 7516, section 4.
registry = joserfc.jwe.JWERegistry(algorithms=["RSA-OAEP-256", "A256GCM"], strict_check_header=False)
for token in tokens:
    if library == "joserfc":
        key = joserfc.jwk.RSAKey.import_key(pem)
        plaintext = joserfc.jwe.decrypt_compact(token, key, registry=registry).plaintext
    else:
        plaintext = jose.jwe.decrypt(token, pem)
    sys.stdout.buffer.write(plaintext)
