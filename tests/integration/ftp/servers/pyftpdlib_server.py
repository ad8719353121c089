"""Runs a pyftpdlib FTPS server on loopback with one account.

Arguments: port, first and last passive port, root directory, certificate, key, user, and permissions in the notation of
pyftpdlib. The password is in the environment variable PASSWORD.
"""

import os
import sys

from pyftpdlib.authorizers import DummyAuthorizer
from pyftpdlib.handlers import TLS_FTPHandler
from pyftpdlib.servers import FTPServer

port, first_passive_port, last_passive_port, root, certificate, key, user, permissions = sys.argv[1:]
authorizer = DummyAuthorizer()
authorizer.add_user(user, os.environ["PASSWORD"], root, perm=permissions)
handler = TLS_FTPHandler
handler.certfile, handler.keyfile = certificate, key
handler.tls_control_required = handler.tls_data_required = True
handler.authorizer = authorizer
handler.passive_ports = range(int(first_passive_port), int(last_passive_port) + 1)
FTPServer(("127.0.0.1", int(port)), handler).serve_forever()
