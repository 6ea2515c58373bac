# The name of the cluster, a colon, and the name of the ingress class.
tofu import cht_eks_load_balancer_controller.this moh:alb
