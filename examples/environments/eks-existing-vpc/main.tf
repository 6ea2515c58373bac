# CHT on EKS in a network that is there already: made by hand, or by hashicorp/aws in this very configuration. All that is needed of it are
# plain ids, wherever they come from:
#
#   module "vpc" {                                        network = {
#     source = "terraform-aws-modules/vpc/aws"      =>      private_subnet_ids = module.vpc.private_subnets
#   }                                                     }
#
# The subnets have to have what the guide "CHT on EKS with ALB ingress" names: a way out, and the tags that load balancers look for.

terraform {
  required_providers {
    cht = {
      source = "medic/cht"
    }
  }
}

provider "cht" {
  aws = {
    region = var.region
  }
}

resource "cht_eks_cluster" "this" {
  name    = var.name
  version = var.kubernetes_version

  vpc_config = {
    subnet_ids             = values(var.network.private_subnet_ids)
    security_group_ids     = var.network.security_group_ids
    endpoint_public_access = false
  }

  access = {
    operators = {
      principal_arn = var.operators_role_arn
      policies      = { AmazonEKSClusterAdminPolicy = {} }
    }
  }
}

# A group for each zone, as the disk of a CouchDB is in one.
resource "cht_eks_node_group" "this" {
  for_each = var.network.private_subnet_ids

  cluster_name    = cht_eks_cluster.this.name
  version         = cht_eks_cluster.this.version
  node_group_name = "${var.name}-${each.key}"
  subnet_ids      = [each.value]
  scaling_config  = { min_size = 1, max_size = 3 }
}

resource "cht_eks_addon" "this" {
  for_each = toset(["coredns", "aws-ebs-csi-driver"])

  cluster_name = cht_eks_cluster.this.name
  addon_name   = each.key
  depends_on   = [cht_eks_node_group.this]
}

# Load balancers are in these subnets, whatever tags they have.
resource "cht_eks_load_balancer_controller" "this" {
  cluster_name = cht_eks_cluster.this.name
  vpc_id       = var.network.vpc_id
  subnet_ids   = values(var.network.public_subnet_ids)
  depends_on   = [cht_eks_addon.this]
}

resource "cht_storage_class" "this" {
  kubernetes = cht_eks_load_balancer_controller.this.kubernetes
  name       = "cht-gp3"
  preset     = "eks-gp3"
}

resource "cht_instance" "this" {
  kubernetes  = cht_storage_class.this.kubernetes
  namespace   = "cht"
  cht_version = var.cht_version
  host        = var.host

  couchdb = {
    storage_class = cht_storage_class.this.name
    storage_size  = "100Gi"
  }

  ingress = {
    class = "alb"
    alb   = { group_name = var.name }
    tls   = { acm_certificate_arn = var.certificate_arn }
  }
}
