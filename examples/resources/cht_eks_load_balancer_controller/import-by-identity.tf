import {
  to = cht_eks_load_balancer_controller.this
  identity = {
    cluster_name  = "moh"
    ingress_class = "alb"
  }
}
