# For the domain and all names directly below it: the load balancer of all instances takes it.
resource "cht_acm_certificate" "moh" {
  domain_name               = "moh.example.org"
  subject_alternative_names = ["*.moh.example.org"]
  hosted_zone_id            = "Z0123456789ABCDEFGHIJ"
  tags                      = { owner = "moh" }
}

# The DNS is elsewhere: somebody makes the records that are put out, and AWS issues the certificate then.
resource "cht_acm_certificate" "county" {
  domain_name = "cht.siaya.example.com"
}

output "records_to_make" {
  description = "What has to be in the DNS, so that the certificate is issued and renewed."
  value       = cht_acm_certificate.county.validation_records
}
