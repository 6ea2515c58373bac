output "load_balancer" {
  description = "Host name of the load balancer, to which a CNAME or an alias in your DNS has to lead."
  value       = cht_instance.this.ingress_address
}

output "url" {
  description = "Where users reach CHT."
  value       = cht_instance.this.url
}
