data "cht_eks_cluster" "moh" {
  name = "moh"
}

ephemeral "cht_eks_token" "moh" {
  cluster_name = data.cht_eks_cluster.moh.name
}

# For another provider, and what takes it less than a quarter of an hour:
#
#   provider "kubernetes" {
#     host                   = data.cht_eks_cluster.moh.endpoint
#     cluster_ca_certificate = base64decode(data.cht_eks_cluster.moh.certificate_authority_data)
#     token                  = ephemeral.cht_eks_token.moh.token
#   }
