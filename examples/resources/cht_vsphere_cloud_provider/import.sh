# A cluster has one, so its id is always the same.
tofu import cht_vsphere_cloud_provider.this vsphere-cloud-controller-manager
