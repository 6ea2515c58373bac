resource "cht_vpc" "this" {
  name          = var.name
  cidr_block    = var.cidr_block
  az_count      = 2
  nat_gateway   = "single"
  cluster_names = [var.name]
}

resource "cht_eks_cluster" "this" {
  name    = var.name
  version = var.kubernetes_version

  vpc_config = {
    subnet_ids = cht_vpc.this.private_subnet_ids

    # Whoever applies this from elsewhere reaches the API server, and nobody else but the nodes.
    endpoint_private_access = true
    endpoint_public_access  = true
    public_access_cidrs     = var.operators.cidrs
  }

  access = {
    for principal in var.operators.principals : principal => {
      principal_arn = principal
      policies      = { AmazonEKSClusterAdminPolicy = {} }
    }
  }

  log_retention_in_days = 90
  deletion_protection   = var.deletion_protection
}

# The disk of a CouchDB is in one zone, and so must be a machine for it: a group for each zone. Machines follow the cluster to a new version.
resource "cht_eks_node_group" "this" {
  count = 2

  cluster_name    = cht_eks_cluster.this.name
  version         = cht_eks_cluster.this.version
  node_group_name = "${var.name}-${count.index + 1}"
  subnet_ids      = [cht_vpc.this.private_subnet_ids[count.index]]
  instance_types  = [var.instance_type]
  scaling_config  = var.nodes_per_zone
}

# What needs machines to run on, when there are some: names inside of the cluster, and disks.
resource "cht_eks_addon" "this" {
  for_each = toset(["coredns", "aws-ebs-csi-driver"])

  cluster_name = cht_eks_cluster.this.name
  addon_name   = each.key
  depends_on   = [cht_eks_node_group.this]
}

# Counties take the way to the cluster from here: so their load balancer is made by this controller, and is gone before the controller goes.
resource "cht_eks_load_balancer_controller" "this" {
  cluster_name = cht_eks_cluster.this.name
  depends_on   = [cht_eks_addon.this]
}
