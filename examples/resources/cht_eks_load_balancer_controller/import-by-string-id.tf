import {
  to = cht_eks_load_balancer_controller.this
  id = "moh:alb"
}
