resource "cht_storage_class" "this" {
  kubernetes = cht_eks_load_balancer_controller.this.kubernetes
  name       = "cht-gp3"
  preset     = "eks-gp3"

  # With `Retain`, the disk of a county outlives the county.
  reclaim_policy = var.deletion_protection ? "Retain" : "Delete"
}

# One certificate for all of them.
resource "cht_acm_certificate" "this" {
  domain_name    = "*.${var.domain}"
  hosted_zone_id = var.hosted_zone_id
}

resource "cht_instance" "county" {
  for_each = var.counties

  kubernetes  = cht_storage_class.this.kubernetes
  namespace   = "cht-${each.key}"
  cht_version = each.value.cht_version
  host        = "${each.key}.${var.domain}"

  couchdb = {
    storage_class = cht_storage_class.this.name
    storage_size  = each.value.storage_size
  }

  # All counties share one load balancer.
  ingress = {
    class = "alb"
    alb = {
      group_name = var.name
    }
    tls = {
      acm_certificate_arn = cht_acm_certificate.this.arn
    }
  }

  deletion_protection = var.deletion_protection
  retain_volumes      = var.deletion_protection
}

# A name leads to the load balancer as soon as there is one.
resource "cht_dns_alias" "county" {
  for_each = var.counties

  kubernetes     = cht_storage_class.this.kubernetes
  hosted_zone_id = var.hosted_zone_id
  name           = cht_instance.county[each.key].host

  ingress = {
    namespace = cht_instance.county[each.key].namespace
  }
}
