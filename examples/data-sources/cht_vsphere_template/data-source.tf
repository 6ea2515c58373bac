data "cht_vsphere_template" "ubuntu" {
  name = "ubuntu-24.04"
}

output "smallest_disk_gib" {
  value = data.cht_vsphere_template.ubuntu.disk_gib
}
