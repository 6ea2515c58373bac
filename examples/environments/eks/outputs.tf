output "urls" {
  description = "Where the users of each county reach CHT."
  value       = { for county, instance in cht_instance.county : county => instance.url }
}

output "cluster" {
  description = "The cluster, and what AWS says of it."
  value = {
    name    = cht_eks_cluster.this.name
    version = cht_eks_cluster.this.version
    arn     = cht_eks_cluster.this.arn
    status  = cht_eks_cluster.this.status
  }
}

output "addresses" {
  description = "From where others see the machines."
  value       = cht_vpc.this.nat_public_ips
}

output "keep" {
  description = "What has to be kept with the backups: without it a volume of CouchDB is of no use."
  value = {
    for county, instance in cht_instance.county : county => {
      admin_password = instance.couchdb.admin_password
      secret         = instance.couchdb.secret
      uuid           = instance.couchdb.uuid
    }
  }
  sensitive = true
}
