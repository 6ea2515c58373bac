# On EKS, behind a load balancer that several instances share.
resource "cht_instance" "vihiga" {
  namespace   = "cht-vihiga"
  cht_version = "5.3.1"
  host        = "vihiga.health.example"

  couchdb = {
    storage_size  = "100Gi"
    storage_class = "ebs-gp3"
  }

  ingress = {
    class = "alb"
    alb = {
      group_name = "prod-cht-alb"
      tags       = { Environment = "prod" }
    }
    tls = {
      acm_certificate_arn = "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
    }
  }
}
