"""AWS without AWS: moto behind one port, and below `/_lab/` what botocore knows and moto keeps to itself.

It prints its address when it listens. `src/aws.rs` starts it, with a gateway in front; nothing else talks to it.
"""

import json
import traceback

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

import contract
import corrections
import identity
import world

MOTO = DomainDispatcherApplication(create_backend_app)

HELPERS = {
    "account": identity.account,
    "call": world.call,
    "check": contract.check,
    "left": world.left,
    "pace": corrections.pace,
    "read": contract.read,
    "token": identity.token,
    "verify": identity.verify,
}


class QuietHandler(MotoRequestHandler):
    """Writes no line for each request: the gateway has the log."""

    protocol_version = "HTTP/1.1"

    def log_request(self, *_):
        """NO-OP: see above."""


def application(environ, start_response):
    """Answers a helper's question, or lets moto answer."""
    path = environ.get("PATH_INFO", "")
    if not path.startswith("/_lab/"):
        return MOTO(environ, start_response)
    asked = json.loads(Request(environ).get_data())
    try:
        status, answer = 200, HELPERS[path.removeprefix("/_lab/")](**asked)
    except Exception:  # The caller fails with it, so that nothing is hidden.
        status, answer = 500, {"error": traceback.format_exc()}
    text = json.dumps(answer, default=contract.plain)
    return Response(text, status, content_type="application/json")(environ, start_response)


if __name__ == "__main__":
    corrections.apply()
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=QuietHandler)
    print(f"127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
