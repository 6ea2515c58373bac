"""Where moto lets pass what AWS refuses, or is done where AWS takes minutes: what would hide faults of a client.

What depends on another thing cannot be deleted before it, NAT gateways come and go in their time, a certificate is issued
when the records are there that prove whose the names are, and records are made once.
"""

import json
import time

from moto.acm.models import AWSCertificateManagerBackend, CertBundle
from moto.core.exceptions import AWSError
from moto.ec2.exceptions import DependencyViolationError, EC2ClientError
from moto.ec2.models import EC2Backend
from moto.elbv2.models import elbv2_backends
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.route53.exceptions import Route53ClientError
from moto.route53.models import Route53Backend, route53_backends

# How many seconds NAT gateways take to come and to go, by account.
NAT_SECONDS = {}

# The policies of AWS that somebody with a cluster attaches, by the beginnings of their names. moto would keep all
# fifteen hundred for each account in each partition.
KEPT = (
    "AWSBackup",
    "AWSDataLifecycleManager",
    "AdministratorAccess",
    "AmazonEBS",
    "AmazonEC2",
    "AmazonEKS",
    "AmazonRoute53",
    "AmazonSSM",
    "ElasticLoadBalancing",
    "PowerUserAccess",
    "ReadOnlyAccess",
)

MOTO = {
    name: getattr(EC2Backend, name)
    for name in (
        "create_nat_gateway",
        "delete_security_group",
        "delete_subnet",
        "delete_vpc",
        "describe_nat_gateways",
        "detach_internet_gateway",
        "release_address",
    )
}

MOTO["describe_certificate"] = CertBundle.describe
MOTO["delete_certificate"] = AWSCertificateManagerBackend.delete_certificate
MOTO["change_records"] = Route53Backend.change_resource_record_sets

POLICIES = {name: data for name, data in json.loads(aws_managed_policies_data).items() if name.startswith(KEPT)}


def pace(account, seconds):
    """Lets NAT gateways of an account take their time from now on, also those that are on their way."""
    NAT_SECONDS[account] = seconds


def create_nat_gateway(self, *arguments, **named):
    """It is pending first."""
    gateway = MOTO["create_nat_gateway"](self, *arguments, **named)
    gateway.state, gateway.since = "pending", time.monotonic()
    return gateway


def delete_nat_gateway(self, nat_gateway_id):
    """It keeps its address and its interface until it is gone."""
    gateway = self.nat_gateways.get(nat_gateway_id)
    if gateway is None:
        raise EC2ClientError("NatGatewayNotFound", f"The Nat Gateway {nat_gateway_id} was not found")
    if gateway.state != "deleted":
        gateway.state, gateway.since = "deleting", time.monotonic()
    return gateway


def describe_nat_gateways(self, *arguments, **named):
    """As they are by now."""
    settle(self)
    return MOTO["describe_nat_gateways"](self, *arguments, **named)


def settle(backend):
    """Lets NAT gateways become what they are to be."""
    for gateway in list(backend.nat_gateways.values()):
        if time.monotonic() - gateway.since < NAT_SECONDS.get(backend.account_id, 0):
            continue
        if gateway.state == "pending":
            gateway.state = "available"
        elif gateway.state == "deleting":
            gateway.state = "deleted"
            for address in backend.addresses:
                if address.eni is gateway._eni:
                    backend.disassociate_address(address=address.public_ip)
            backend.enis.pop(gateway._eni.id, None)


def delete_subnet(self, subnet_id):
    """Not while there are interfaces in it."""
    settle(self)
    if any(interface.subnet.id == subnet_id for interface in self.enis.values()):
        raise DependencyViolationError(f"The subnet '{subnet_id}' has dependencies and cannot be deleted.")
    return MOTO["delete_subnet"](self, subnet_id)


def detach_internet_gateway(self, internet_gateway_id, vpc_id):
    """Not while there are public addresses behind it."""
    settle(self)
    mapped = (address.eni for address in self.addresses if address.eni)
    if any(interface.subnet.vpc_id == vpc_id for interface in mapped):
        raise DependencyViolationError(
            f"Network {vpc_id} has some mapped public address(es). Please unmap those public address(es) before "
            "detaching the gateway."
        )
    return MOTO["detach_internet_gateway"](self, internet_gateway_id, vpc_id)


def release_address(self, address=None, allocation_id=None):
    """Not while something uses it."""
    settle(self)
    for known in self.addresses:
        if known.association_id and (known.allocation_id == allocation_id or known.public_ip == address):
            raise EC2ClientError("InvalidIPAddress.InUse", f"Address {known.public_ip} is in use.")
    return MOTO["release_address"](self, address, allocation_id)


def delete_security_group(self, name=None, group_id=None):
    """Not while an interface has it."""
    if any(group.id == group_id for interface in self.enis.values() for group in interface.group_set):
        raise DependencyViolationError(f"resource {group_id} has a dependent object")
    return MOTO["delete_security_group"](self, name, group_id)


def delete_vpc(self, vpc_id):
    """Not while there are gateways, or security groups beyond the first."""
    attached = any(gateway.vpc and gateway.vpc.id == vpc_id for gateway in self.internet_gateways.values())
    groups = [group for group in self.groups.get(vpc_id, {}).values() if group.name != "default"]
    endpoints = any(
        endpoint.vpc_id == vpc_id for endpoint in self.vpc_end_points.values() if endpoint.state != "deleted"
    )
    if attached or groups or endpoints:
        raise DependencyViolationError(f"The vpc '{vpc_id}' has dependencies and cannot be deleted.")
    return MOTO["delete_vpc"](self, vpc_id)


class InUse(AWSError):
    """Something is used still."""

    TYPE = "ResourceInUseException"


def users(arn):
    """The load balancers that have a certificate."""
    _, _, _, region, account, _ = arn.split(":", 5)
    balancers = elbv2_backends[account][region].load_balancers.values()
    return [
        balancer.arn
        for balancer in balancers
        if any(arn in (listener.certificates or []) for listener in balancer.listeners.values())
    ]


def delete_certificate(self, arn):
    """What load balancers use is not deleted."""
    if arn in self._certificates and users(arn):
        raise InUse(f"Certificate {arn} is in use.")
    return MOTO["delete_certificate"](self, arn)


def describe_certificate(self):
    """The first look finds no records yet; those who use it are load balancers, as long as they do."""
    described = MOTO["describe_certificate"](self)
    described["Certificate"]["InUseBy"] = users(self.arn)
    options = described["Certificate"].get("DomainValidationOptions", [])
    if not getattr(self, "looked_at", False):
        self.looked_at = True
        for option in options:
            option.pop("ResourceRecord")
    return described


def check_certificate(self):
    """It waits for the records that prove whose its names are."""
    if self.type != "AMAZON_ISSUED" or self.status != "PENDING_VALIDATION":
        return
    options = MOTO["describe_certificate"](self)["Certificate"]["DomainValidationOptions"]
    wanted = {option["ResourceRecord"]["Name"] for option in options}
    zones = route53_backends[self.arn.split(":")[4]]["aws"].zones.values()
    known = {record.name.rstrip(".") + "." for zone in zones for record in zone.rrsets if record.type == "CNAME"}
    if wanted <= known:
        self.status = "ISSUED"


def change_records(self, zoneid, change_list):
    """What is there is not created again, and what is deleted has to be exactly what is there; all of it or nothing."""
    for change in change_list:
        wanted = change["ResourceRecordSet"]
        name, kind = wanted["Name"].rstrip(".") + ".", wanted["Type"]
        is_there = [record for record in self.get_hosted_zone(zoneid).rrsets if record.name.lower() == name.lower()]
        same = [
            record
            for record in is_there
            if record.type == kind and record.set_identifier == wanted.get("SetIdentifier")
        ]
        removed = {other["ResourceRecordSet"]["Type"] for other in change_list if other["Action"] == "DELETE"}
        kinds = {record.type for record in is_there} - removed
        tried = f"Tried to {change['Action'].lower()} resource record set [name='{name}', type='{kind}'] but"
        if change["Action"] == "CREATE" and same:
            raise Route53ClientError("InvalidChangeBatch", f"[{tried} it already exists]")
        if change["Action"] == "DELETE" and not same:
            raise Route53ClientError("InvalidChangeBatch", f"[{tried} it was not found]")
        if change["Action"] == "DELETE" and not is_same(same[0], wanted):
            raise Route53ClientError(
                "InvalidChangeBatch", f"[{tried} the values provided do not match the current values]"
            )
        if change["Action"] != "DELETE" and ("CNAME" in kinds - {kind} or (kind == "CNAME" and kinds - {"CNAME"})):
            raise Route53ClientError(
                "InvalidChangeBatch",
                f"[RRSet of type {kind} with DNS name {name} is not permitted as it conflicts with other records with the "
                "same DNS name in zone]",
            )
    for change in change_list:
        # moto refuses to create what was there before, and is gone.
        change["Action"] = "UPSERT" if change["Action"] == "CREATE" else change["Action"]
    return MOTO["change_records"](self, zoneid, change_list)


def is_same(record, wanted):
    """Whether a record has the values of another."""
    if record.alias_target:
        target = wanted.get("AliasTarget") or {}
        return all(
            str(record.alias_target[key]).rstrip(".").lower() == str(target.get(key)).rstrip(".").lower()
            for key in ("DNSName", "HostedZoneId", "EvaluateTargetHealth")
        )
    values = [value["Value"] for value in wanted.get("ResourceRecords") or []]
    return record.records == values and str(record.ttl) == str(wanted.get("TTL"))


def init_aws_policies(self):
    """The policies of AWS in one account."""
    if self.region_name != "aws":
        return []
    made = POLICIES.items()
    return [AWSManagedPolicy.from_data(name, self.account_id, self.region_name, data) for name, data in made]


def apply():
    """Puts these in the place of moto's."""
    for function in (
        create_nat_gateway,
        delete_nat_gateway,
        delete_security_group,
        delete_subnet,
        delete_vpc,
        describe_nat_gateways,
        detach_internet_gateway,
        release_address,
    ):
        setattr(EC2Backend, function.__name__, function)
    AWSCertificateManagerBackend.delete_certificate = delete_certificate
    CertBundle.describe = describe_certificate
    CertBundle.check = check_certificate
    Route53Backend.change_resource_record_sets = change_records
    IAMBackend._init_aws_policies = init_aws_policies
