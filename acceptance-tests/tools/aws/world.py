"""Calls AWS with boto3: any call for a test, and an independent look at what is left in an account."""

import threading

import boto3
import jmespath
from botocore.config import Config
from botocore.exceptions import ClientError

# The gateway answers those who say so without a log, faults or delays.
OBSERVER = "x-lab-observer"

# What belongs to the account, and not to AWS.
OWN = {"list_policies": {"Scope": "Local"}, "describe_snapshots": {"OwnerIds": ["self"]}}

# Kind, service, operation and where the names are. `{vpc}` is the VPC that each account has from the start.
KINDS = [
    ("auto_scaling_group", "autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups[].AutoScalingGroupName"),
    ("certificate", "acm", "list_certificates", "CertificateSummaryList[].CertificateArn"),
    ("cluster", "eks", "list_clusters", "clusters[]"),
    ("elastic_ip", "ec2", "describe_addresses", "Addresses[].AllocationId"),
    ("instance", "ec2", "describe_instances", "Reservations[].Instances[?State.Name!='terminated'].InstanceId[]"),
    ("instance_profile", "iam", "list_instance_profiles", "InstanceProfiles[].InstanceProfileName"),
    (
        "internet_gateway",
        "ec2",
        "describe_internet_gateways",
        "InternetGateways[?Attachments[0].VpcId!='{vpc}'].InternetGatewayId",
    ),
    ("launch_template", "ec2", "describe_launch_templates", "LaunchTemplates[].LaunchTemplateId"),
    ("lifecycle_policy", "dlm", "get_lifecycle_policies", "Policies[].PolicyId"),
    ("load_balancer", "elbv2", "describe_load_balancers", "LoadBalancers[].LoadBalancerArn"),
    ("log_group", "logs", "describe_log_groups", "logGroups[].logGroupName"),
    ("nat_gateway", "ec2", "describe_nat_gateways", "NatGateways[?State!='deleted'].NatGatewayId"),
    ("network_interface", "ec2", "describe_network_interfaces", "NetworkInterfaces[].NetworkInterfaceId"),
    ("oidc_provider", "iam", "list_open_id_connect_providers", "OpenIDConnectProviderList[].Arn"),
    ("policy", "iam", "list_policies", "Policies[].Arn"),
    ("role", "iam", "list_roles", "Roles[].RoleName"),
    ("route_table", "ec2", "describe_route_tables", "RouteTables[?VpcId!='{vpc}'].RouteTableId"),
    ("security_group", "ec2", "describe_security_groups", "SecurityGroups[?VpcId!='{vpc}'].GroupId"),
    ("snapshot", "ec2", "describe_snapshots", "Snapshots[].SnapshotId"),
    ("subnet", "ec2", "describe_subnets", "Subnets[?VpcId!='{vpc}'].SubnetId"),
    ("target_group", "elbv2", "describe_target_groups", "TargetGroups[].TargetGroupArn"),
    ("volume", "ec2", "describe_volumes", "Volumes[].VolumeId"),
    ("vpc", "ec2", "describe_vpcs", "Vpcs[?!IsDefault].VpcId"),
    ("vpc_endpoint", "ec2", "describe_vpc_endpoints", "VpcEndpoints[?State!='deleted'].VpcEndpointId"),
]

CONFIG = Config(parameter_validation=False, proxies={}, retries={"total_max_attempts": 1}, read_timeout=60)

# Descriptions of services are read once. Clients can be used by several threads, but made by one at a time.
SESSION = boto3.Session()
MAKING = threading.Lock()


def client(service, connection, headers=None):
    """A client of a service. It sends what it is told to, valid or not, once."""
    with MAKING:
        made = SESSION.client(
            service,
            endpoint_url=connection["endpoint"],
            region_name=connection["region"],
            aws_access_key_id=connection["access_key"],
            aws_secret_access_key=connection["secret_key"],
            aws_session_token=connection["session_token"],
            config=CONFIG,
        )
    made.meta.events.register("before-call.*.*", lambda params, **_: params["headers"].update(headers or {}))
    return made


def call(service, operation, parameters, connection):
    """The answer to one call, or its error. Only moto itself lets anybody act in any account."""
    account = connection.get("account")
    headers = {"x-moto-account-id": account} if account else {}
    if connection.get("observer"):
        headers[OBSERVER] = "yes"
    connected = client(service, connection, headers)
    try:
        answer = connected._make_api_call(operation, parameters)
    except ClientError as error:
        return {"error": error.response["Error"] | {"Status": error.response["ResponseMetadata"]["HTTPStatusCode"]}}
    answer.pop("ResponseMetadata", None)
    return {"answer": answer}


def left(connection):
    """What is in an account beyond what it has from the start: names by their kinds, only of kinds that there are."""
    headers = {OBSERVER: "yes"}
    clients = {service: client(service, connection, headers) for _, service, _, _ in KINDS}
    default = clients["ec2"].describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    vpc = default[0]["VpcId"] if default else ""
    found = {}
    for kind, service, operation, names in KINDS:
        asked, own = clients[service], OWN.get(operation, {})
        pages = asked.get_paginator(operation).paginate(**own) if asked.can_paginate(operation) else None
        answers = pages or [getattr(asked, operation)(**own)]
        found[kind] = [name for answer in answers for name in jmespath.search(names.format(vpc=vpc), answer) or []]
    route53 = client("route53", connection, headers)
    zones = [zone["Id"] for zone in route53.list_hosted_zones()["HostedZones"]]
    found["hosted_zone"] = zones
    found["record"] = [
        f"{record['Type']} {record['Name']}"
        for zone in zones
        for record in route53.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        if record["Type"] not in ("NS", "SOA")
    ]
    return {kind: sorted(names) for kind, names in found.items() if names}
