# The name of an instance: it is made when the AWS Load Balancer Controller has given the ingress its load balancer.
resource "cht_dns_alias" "siaya" {
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"
  name           = "siaya.moh.example.org"
  kubernetes     = { eks = { cluster_name = "moh" } }
  ingress        = { namespace = "cht-siaya" }
}

# A load balancer that is there already.
resource "cht_dns_alias" "status" {
  hosted_zone_id = "Z0123456789ABCDEFGHIJ"
  name           = "status.moh.example.org"
  target         = "status-0a1b2c3d-123456789.eu-west-2.elb.amazonaws.com"
}
