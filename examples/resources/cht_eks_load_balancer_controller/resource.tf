# The controller, for the cluster of this name. The provider's `aws` says in which account and region it is.
resource "cht_eks_load_balancer_controller" "this" {
  cluster_name = "moh"

  tags = { owner = "moh" }
}

# An instance that is reached by a load balancer. It takes the way to the cluster from the controller, so that its
# Ingress is made after the controller and gone before it.
resource "cht_instance" "prod" {
  kubernetes  = cht_eks_load_balancer_controller.this.kubernetes
  namespace   = "cht-prod"
  cht_version = "5.3.1"
  host        = "prod.health.example"

  couchdb = {
    storage_size  = "100Gi"
    storage_class = "gp3"
  }

  ingress = {
    class = "alb"
    alb   = { group_name = "prod-cht-alb" }
    tls   = { acm_certificate_arn = "arn:aws:acm:eu-west-2:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f" }
  }
}

# In a cluster with EKS Auto Mode, EKS itself makes load balancers: one for all Ingresses of this class.
resource "cht_eks_load_balancer_controller" "auto" {
  cluster_name  = "moh-auto"
  mode          = "auto"
  ingress_class = "prod"
  group_name    = "prod"
  scheme        = "internet-facing"
}
