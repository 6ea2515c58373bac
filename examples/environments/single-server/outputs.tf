output "url" {
  description = "Where users reach CHT."
  value       = cht_instance.this.url
}

output "server" {
  description = "What runs on the machine."
  value       = cht_k3s_cluster.this.status["cht-1"]
}

output "kubeconfig" {
  description = "Credentials for kubectl."
  value       = cht_k3s_cluster.this.kubeconfig
  sensitive   = true
}

output "keep" {
  description = "What has to be kept with the backups: without it neither a snapshot of the cluster nor a volume of CouchDB is of use."
  value = {
    server_token   = cht_k3s_cluster.this.server_token
    admin_password = cht_instance.this.couchdb.admin_password
    secret         = cht_instance.this.couchdb.secret
    uuid           = cht_instance.this.couchdb.uuid
  }
  sensitive = true
}
