# Three servers, of which any one may be lost. The keys of the hosts are known, so that nobody can take their place.
resource "cht_k3s_cluster" "this" {
  version = "v1.36.3+k3s1"

  servers = {
    server-1 = {
      host = "10.20.0.11"
      ssh  = { host_key = ["SHA256:q8xKgRLpEvWcrqbWr+mRCNluniO89PA9zGNMAWoesx4"] }
    }
    server-2 = {
      host = "10.20.0.12"
      ssh  = { host_key = ["SHA256:KYYPQRjmxXEeMNgB9pc0nb+XDNnWixuMo0KZVYb7C4k"] }
    }
    server-3 = {
      host = "10.20.0.13"
      ssh  = { host_key = ["SHA256:KosfxE2L4o+cUREdCdCRymEie5u9c76koQaQW7v1pDU"] }
    }
  }

  ssh = {
    user  = "ubuntu"
    agent = true
  }

  snapshots = {
    schedule  = "0 */6 * * *"
    retention = 28
  }
}

# Hosts that run the pods.
resource "cht_k3s_agent" "worker" {
  for_each = { worker-1 = "10.20.0.21", worker-2 = "10.20.0.22" }

  cluster = cht_k3s_cluster.this.join
  name    = each.key
  host    = each.value
  ssh     = cht_k3s_cluster.this.ssh
}
