variable "cluster_token" {
  type      = string
  sensitive = true
}

# For the command line: tofu output -raw kubeconfig > cluster.kubeconfig
output "kubeconfig" {
  value = provider::cht::kubeconfig({
    host  = "https://10.20.0.10:6443"
    token = var.cluster_token
  })
  sensitive = true
}
