output "url" {
  description = "Where users reach the instance."
  value       = cht_instance.quickstart.url
}

output "live_version" {
  description = "CHT release that the running instance reports."
  value       = cht_instance.quickstart.live_version
}

output "ingress_address" {
  description = "What the host name has to resolve to."
  value       = cht_instance.quickstart.ingress_address
}

output "backup_secrets" {
  description = "What has to be kept with the backups of the data volume."
  value = {
    secret = cht_instance.quickstart.couchdb.secret
    uuid   = cht_instance.quickstart.couchdb.uuid
  }
  sensitive = true
}
