"""Who somebody is, by the keys that moto has given out, and whether a presigned request is signed with them."""

import base64
import datetime
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from moto.iam.models import get_account_id_from, iam_backends
from moto.sts.models import sts_backends

PARTITION = "aws"


def account(account, user):
    """Opens an account: a user of that name, who may do everything, and a key of theirs."""
    backend = iam_backends[account][PARTITION]
    backend.create_user(PARTITION, user)
    key = backend.create_access_key(user)
    return {"access_key": key.access_key_id, "secret_key": key.secret_access_key}


def caller(access_key):
    """Who has a key: nothing if nobody has."""
    number = get_account_id_from(access_key)
    key = iam_backends[number][PARTITION].access_keys.get(access_key)
    if key is None:
        return None
    known = {"account": number, "secret": key.secret_access_key, "token": None, "expired": False, "session": None}
    role = sts_backends[number]["global"].get_assumed_role_from_access_key(access_key)
    if role is None:
        arn = f"arn:{PARTITION}:iam::{number}:user/{key.user_name}"
        return known | {"arn": arn, "principal": arn, "user_id": access_key}
    expired = role.expiration.replace(tzinfo=None) < datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    return known | {
        "arn": role.arn,
        "principal": role.role_arn,
        "session": role.session_name,
        "token": role.session_token,
        "user_id": role.user_id,
        "expired": expired,
    }


def verify(url, headers):
    """The caller of a presigned request with these signed headers, or why there is none."""
    query = dict(parse_qsl(urlsplit(url).query))
    access_key, _, region, service, _ = query["X-Amz-Credential"].split("/")
    known = caller(access_key)
    if known is None or known["expired"] or known["token"] != query.get("X-Amz-Security-Token"):
        return {"refused": "InvalidClientTokenId" if known is None else "ExpiredToken"}
    request = AWSRequest("GET", unsigned(url), headers)
    request.context["timestamp"] = query["X-Amz-Date"]
    signer = SigV4QueryAuth(Credentials(access_key, known["secret"]), service, region)
    text = signer.string_to_sign(request, signer.canonical_request(request))
    if signer.signature(text, request) != query["X-Amz-Signature"]:
        return {"refused": "SignatureDoesNotMatch"}
    return {"caller": public(known)}


def token(cluster, connection):
    """A token for a cluster of EKS: a presigned question of who one is, for nobody but STS."""
    request = AWSRequest(
        "GET",
        f"https://sts.{connection['region']}.amazonaws.com/",
        {"x-k8s-aws-id": cluster},
        params={"Action": "GetCallerIdentity", "Version": "2011-06-15"},
    )
    keys = Credentials(connection["access_key"], connection["secret_key"], connection["session_token"])
    SigV4QueryAuth(keys, "sts", connection["region"], expires=60).add_auth(request)
    return "k8s-aws-v1." + base64.urlsafe_b64encode(request.url.encode()).decode().rstrip("=")


def public(known):
    """What may be told of a caller."""
    return {name: value for name, value in known.items() if name not in ("secret", "token")}


def unsigned(url):
    """A presigned URL before it had its signature."""
    parts = urlsplit(url)
    kept = [pair for pair in parts.query.split("&") if not pair.startswith("X-Amz-Signature=")]
    return parts._replace(query="&".join(kept)).geturl()
