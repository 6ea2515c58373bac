data "cht_eks_cluster_versions" "this" {}

output "end_of_standard_support" {
  description = "Until when each version costs no more than usual."
  value = {
    for version in data.cht_eks_cluster_versions.this.versions :
    version.version => version.end_of_standard_support_date
  }
}
