# An empty disk for the CouchDB of one county, which outlives the instance and the cluster.
resource "cht_ebs_volume" "siaya" {
  name              = "siaya-couchdb"
  availability_zone = "eu-west-2a"
  size              = 100
  cluster_name      = "moh"

  # By this, a cht_snapshot_policy chooses it.
  tags = { backup = "daily" }
}

# A copy of the newest snapshot of another instance.
data "cht_ebs_snapshot" "kisumu" {
  filter_tags = { Address = "kisumu.moh.example.org" }
  most_recent = true
}

resource "cht_ebs_volume" "training" {
  name                = "training-couchdb"
  availability_zone   = "eu-west-2a"
  snapshot_id         = data.cht_ebs_snapshot.kisumu.id
  cluster_name        = "moh"
  deletion_protection = false
}
