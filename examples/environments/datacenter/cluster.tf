resource "cht_k3s_cluster" "this" {
  version        = var.k3s_version
  binary         = var.k3s_binary
  images         = var.k3s_images
  endpoint       = var.endpoint
  cloud_provider = "external"

  # Volumes are disks in vSphere, so nobody should get a directory of a machine instead.
  disable = ["local-storage"]

  servers = {
    for name in keys(var.servers) : name => {
      host        = cht_vsphere_virtual_machine.this[name].default_ip_address
      provider_id = cht_vsphere_virtual_machine.this[name].provider_id

      # CHT runs on the agents: what keeps the cluster together is not disturbed by what runs on it.
      taints = [{ key = "node-role.kubernetes.io/control-plane", value = "", effect = "NoSchedule" }]
    }
  }

  secrets_encryption = true

  snapshots = {
    schedule  = "0 */6 * * *"
    retention = 28
  }

  deletion_protection = var.deletion_protection
}

resource "cht_k3s_agent" "this" {
  for_each = var.agents

  cluster     = cht_k3s_cluster.this.join
  name        = each.key
  host        = cht_vsphere_virtual_machine.this[each.key].default_ip_address
  provider_id = cht_vsphere_virtual_machine.this[each.key].provider_id
  binary      = var.k3s_binary
  images      = var.k3s_images

  # Another machine under the same name is another agent: the old one leaves the cluster before its machine goes.
  lifecycle {
    replace_triggered_by = [cht_vsphere_virtual_machine.this[each.key].bios_uuid]
  }
}

# Each of the following takes the way to the cluster from the one before, so they are made in this order, and destroyed in the other.

resource "cht_vsphere_cloud_provider" "this" {
  kubernetes     = cht_k3s_cluster.this.kubernetes
  image_registry = var.image_registry

  vcenter = {
    server              = var.vcenter.server
    port                = var.vcenter.port
    ca_certificate      = var.vcenter.ca_certificate
    user                = var.cluster_user
    password_wo         = var.cluster_user_password
    password_wo_version = var.cluster_user_password_version
    datacenters         = [data.cht_vsphere_datacenter.this.path]
  }

  # It has done its part when it knows all nodes, and may be asked nothing before it may look.
  depends_on = [cht_k3s_agent.this, cht_vsphere_permission.cluster]
}

resource "cht_vsphere_csi_driver" "this" {
  kubernetes           = cht_vsphere_cloud_provider.this.kubernetes
  image_registry       = var.image_registry
  cluster_distribution = "k3s"

  vcenter = {
    server              = var.vcenter.server
    port                = var.vcenter.port
    ca_certificate      = var.vcenter.ca_certificate
    user                = var.cluster_user
    password_wo         = var.cluster_user_password
    password_wo_version = var.cluster_user_password_version
    datacenters         = [data.cht_vsphere_datacenter.this.path]
  }
}

resource "cht_storage_class" "this" {
  kubernetes          = cht_vsphere_csi_driver.this.kubernetes
  name                = "vsphere"
  storage_provisioner = "csi.vsphere.vmware.com"
  default             = true

  parameters = {
    datastoreurl                = data.cht_vsphere_datastore.this.url
    "csi.storage.k8s.io/fstype" = "ext4"
  }

  # With `Retain`, the disk of a county outlives the county.
  reclaim_policy = var.deletion_protection ? "Retain" : "Delete"
}
