data "cht_vsphere_cluster" "compute" {
  name = "Compute"

  lifecycle {
    postcondition {
      condition     = length(self.hosts) >= 3
      error_message = "Three servers of k3s need three hosts, so that one of them may fail."
    }
  }
}
