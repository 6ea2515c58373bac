variable "subnet_ids" {
  description = "Private subnets in two availability zones, such as `private_subnet_ids` of a `cht_vpc`."
  type        = list(string)
}

variable "operators" {
  description = "ARN of the role of those who look after the cluster."
  type        = string
}

# Reached from one network outside, and from its nodes.
resource "cht_eks_cluster" "this" {
  name    = "moh"
  version = "1.35"

  vpc_config = {
    subnet_ids          = var.subnet_ids
    public_access_cidrs = ["203.0.113.0/24"]
  }

  access = {
    operators = {
      principal_arn = var.operators
      policies      = { AmazonEKSClusterAdminPolicy = {} }
    }
  }
}

# Reached from inside of the VPC only. Who looks after one county may change what is in its namespace.
resource "cht_eks_cluster" "private" {
  name    = "moh-private"
  version = "1.35"

  vpc_config = {
    subnet_ids             = var.subnet_ids
    endpoint_public_access = false
  }

  enabled_cluster_log_types = ["audit", "authenticator"]
  log_retention_in_days     = 365
  support_type              = "EXTENDED"

  access = {
    siaya = {
      principal_arn     = var.operators
      kubernetes_groups = ["siaya"]
      policies = {
        AmazonEKSEditPolicy = { namespaces = ["cht-siaya"] }
      }
    }
  }

  addons = {
    eks-pod-identity-agent = {}
    kube-proxy             = {}
    vpc-cni                = { configuration_values = jsonencode({ enableNetworkPolicy = "true" }) }
  }

  tags = { owner = "moh" }
}

# What lives in the cluster takes the way into it from the resource.
resource "cht_storage_class" "this" {
  kubernetes          = cht_eks_cluster.this.kubernetes
  name                = "cht-gp3"
  storage_provisioner = "ebs.csi.aws.com"
}
