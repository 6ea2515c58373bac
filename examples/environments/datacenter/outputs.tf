output "urls" {
  description = "Where the users of each county reach CHT."
  value       = { for county, instance in cht_instance.county : county => instance.url }
}

output "machines" {
  description = "The machines in vCenter, with what their nodes are called by."
  value = {
    for name, machine in cht_vsphere_virtual_machine.this : name => {
      address     = machine.default_ip_address
      provider_id = machine.provider_id
      power       = machine.power_state
    }
  }
}

output "servers" {
  description = "What runs on the servers."
  value       = cht_k3s_cluster.this.status
}

output "agents" {
  description = "What runs on the agents."
  value       = { for name, agent in cht_k3s_agent.this : name => agent.running_version }
}

output "kubeconfig" {
  description = "Credentials for kubectl."
  value       = cht_k3s_cluster.this.kubeconfig
  sensitive   = true
}

output "keep" {
  description = "What has to be kept with the backups: without it neither a snapshot of the cluster nor a volume of CouchDB is of use."
  value = {
    server_token = cht_k3s_cluster.this.server_token
    counties = {
      for county, instance in cht_instance.county : county => {
        admin_password = instance.couchdb.admin_password
        secret         = instance.couchdb.secret
        uuid           = instance.couchdb.uuid
      }
    }
  }
  sensitive = true
}
