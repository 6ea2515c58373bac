# Machines for whatever runs in the cluster: two at least, and more when an autoscaler asks for them.
resource "cht_eks_node_group" "workers" {
  cluster_name    = "moh"
  node_group_name = "workers"
  subnet_ids      = ["subnet-0a1b2c3d4e5f60718", "subnet-0b1c2d3e4f5061728"]

  scaling_config = {
    min_size = 2
    max_size = 6
  }
}

# CouchDB's volumes are each in one availability zone: one group for each, so that every zone has machines of its own.
resource "cht_eks_node_group" "couchdb" {
  for_each = {
    a = "subnet-0a1b2c3d4e5f60718"
    b = "subnet-0b1c2d3e4f5061728"
  }

  cluster_name    = "moh"
  node_group_name = "couchdb-${each.key}"
  subnet_ids      = [each.value]
  instance_types  = ["r7g.large"]
  disk_size       = 100

  scaling_config = {
    min_size     = 1
    max_size     = 2
    desired_size = 1
  }

  labels = { "example.org/tier" = "couchdb" }
  taints = [{ key = "example.org/couchdb", effect = "NO_SCHEDULE" }]
  tags   = { owner = "moh" }
}
