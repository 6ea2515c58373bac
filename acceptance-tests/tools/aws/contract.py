"""Holds requests and answers to AWS's own description of its services, as botocore ships it.

A request is read as the service would read it. Then it is written again as botocore writes it: what is in the one and
not in the other is unknown to the service. Types, required members, enums, lengths, ranges and patterns are held to
the description on the way, in `shapes.py`.
"""

import base64
import datetime
import json
from urllib.parse import parse_qs, urlsplit

import xmltodict
from botocore.exceptions import ParamValidationError
from botocore.serialize import create_serializer
from moto.core.parse import PROTOCOL_PARSERS
from moto.core.request import Request
from moto.core.routing import get_service_router
from moto.core.utils import get_service_model
from werkzeug.exceptions import HTTPException

import identity
import shapes

# What each service may answer, whatever was asked of it.
COMMON_ERRORS = {
    "AccessDeniedException",
    "ExpiredTokenException",
    "InternalFailure",
    "ThrottlingException",
    "UnrecognizedClientException",
}


def read(method, target, headers, body):
    """What is asked for, by whom, and how that breaks the contract; nothing of a request without a signature."""
    body = base64.b64decode(body)
    request = Request.from_primitives(method, f"http://{headers['host']}{target}", headers, body)
    scope = credential_scope(request)
    if scope is None:
        return None
    access_key, _, region, signing_name, _ = scope
    service = service_name(signing_name, request)
    known = identity.caller(access_key)
    found = {
        "service": service,
        "protocol": str(get_service_model(service).protocol),
        "region": region,
        "caller": known and identity.public(known),
        "operation": None,
        "parameters": {},
        "shown": {},
        "violations": [],
    }
    try:
        operation, labels = get_service_router(service).match(request)
    except HTTPException:
        found["violations"] = [f"{service} has nothing at {method} {target}"]
        return found
    found["operation"] = operation.name
    try:
        parameters = parse(operation, labels, request)
    except Exception as error:  # Whatever the parser stumbles over cannot be read by the service either.
        found["violations"] = [f"{service}:{operation.name} cannot be read: {error!r}"]
        return found
    if operation.input_shape is not None:
        found["violations"] = [*shapes.violations(operation.input_shape, parameters)]
        found["parameters"] = parameters
        found["shown"] = shapes.redacted(operation.input_shape, parameters)
    found["violations"] += differences(operation, parameters, request)
    found["violations"] = [f"{service}:{operation.name}: {text}" for text in found["violations"]]
    return found


def check(service, operation, status, error, body):
    """How an answer, to a service whose answers are JSON, breaks the contract."""
    operation = get_service_model(service).operation_model(operation)
    value = json.loads(body)
    if status < 300:
        expected = operation.http.get("responseCode", 200)
        found = [] if status == expected else [f"the status is {status}, not {expected}"]
        if operation.output_shape is not None:
            found += shapes.violations(operation.output_shape, value, wire=True)
    else:
        known = {shape.name: shape for shape in operation.error_shapes}
        found = []
        if error in known:
            found += shapes.violations(known[error], value, wire=True)
            expected = known[error].metadata.get("error", {}).get("httpStatusCode", status)
            found += [] if status == expected else [f"the status of {error} is {status}, not {expected}"]
        elif error not in COMMON_ERRORS:
            found.append(f"{error} is no error of it")
    return {"violations": [f"answer of {service}:{operation.name}: {text}" for text in found]}


def plain(value):
    """Values that JSON has no words for."""
    if isinstance(value, datetime.datetime):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def credential_scope(request):
    """Key, date, region, service and the end of what a request is signed for."""
    header = request.headers.get("Authorization", "")
    if "Credential=" in header:
        return header.split("Credential=")[1].split(",")[0].strip().split("/")
    presigned = request.args.get("X-Amz-Credential")
    return presigned and presigned.split("/")


def service_name(signing_name, request):
    """Botocore's name of a service, where it is signed for under another one, or two are under one."""
    if signing_name == "elasticloadbalancing":
        return "elbv2" if request.values.get("Version") == "2015-12-01" else "elb"
    return "service-quotas" if signing_name == "servicequotas" else signing_name


def parse(operation, labels, request):
    """The parameters of a request."""
    protocol = str(operation.service_model.protocol)
    parameters = PROTOCOL_PARSERS[protocol](operation, map_type=dict).parse(
        {
            "method": request.method,
            "values": request.values,
            "headers": request.headers,
            "body": request.get_data(),
            "url_path": request.path,
            "url_params": labels,
        }
    )
    # A list that a query does not mention is none, and not an empty one.
    return {name: value for name, value in parameters.items() if value != [] or given(operation, name, request)}


def given(operation, name, request):
    """Whether a parameter with an empty value was sent at all."""
    serialization = operation.input_shape.members[name].serialization
    return serialization.get("location") != "querystring" or serialization.get("name", name) in request.args


def differences(operation, parameters, request):
    """What a request has that botocore would not send for the same parameters, and the other way round."""
    protocol = str(operation.service_model.protocol)
    serializer = create_serializer(protocol, include_validation=True)
    try:
        written = serializer.serialize_to_request(parameters, operation)
    except ParamValidationError as error:
        return [str(error).replace("\n", " ")]
    sides = [("has", sent(protocol, request), expected(protocol, written))]
    sides.append(("lacks", sides[0][2], sides[0][1]))
    return [
        f"the request {verb} {name}={value!r}"
        for verb, one, other in sides
        for name, value in one.items()
        if name not in other or other[name] != value
    ]


def sent(protocol, request):
    """The parts of a request, flat."""
    if protocol in ("query", "ec2"):
        pairs = dict(request.values.items())
        return {name: value for name, value in pairs.items() if not name.startswith("X-Amz-")}
    pairs = {f"?{name}": values for name, values in request.args.to_dict(flat=False).items()}
    return {"path": plain_path(request.raw_path)} | pairs | content(protocol, request.get_data())


def expected(protocol, written):
    """The parts of what botocore writes, flat."""
    if protocol in ("query", "ec2"):
        return {name: text(value) for name, value in written["body"].items()}
    path, _, query = written["url_path"].partition("?")
    pairs = parse_qs(query, keep_blank_values=True) | dict(written["query_string"])
    lists = {f"?{name}": value if isinstance(value, list) else [value] for name, value in pairs.items()}
    pairs = {name: [text(value) for value in values] for name, values in lists.items() if values}
    return {"path": plain_path(urlsplit(path).path)} | pairs | content(protocol, written["body"])


def plain_path(path):
    """A path without the slash at its end, which services do not look at, and not all of AWS's own clients send."""
    return path.rstrip("/")


def content(protocol, body):
    """What is in a body of JSON or XML, member by member."""
    body = body or b""
    if protocol == "rest-xml":
        return {"body": xmltodict.parse(body)} if body else {}
    value = json.loads(body) if body else {}
    return {f"body.{name}": item for name, item in value.items()}


def text(value):
    """A parameter as it is in a query."""
    return str(value).lower() if isinstance(value, bool) else str(value)
