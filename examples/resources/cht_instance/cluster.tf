# Three CouchDB nodes, each bound to a Kubernetes node of its own. The number of nodes cannot be changed later.
resource "cht_instance" "national" {
  namespace   = "cht-national"
  cht_version = "5.3.1"
  host        = "national.health.example"

  kubernetes = {
    config_path = "~/.kube/config"
  }

  couchdb = {
    storage_size  = "500Gi"
    storage_class = "vsphere-retain"

    nodes = [
      { node_name = "worker-1" },
      { node_name = "worker-2" },
      { node_name = "worker-3", storage = { size = "800Gi" } },
    ]

    tolerations = [
      { key = "dedicated", value = "couchdb", effect = "NoSchedule" },
    ]
  }

  ingress = {
    class = "traefik"
    tls = {
      secret_name = "national-tls"
    }
  }
}
