import {
  to = cht_dns_alias.status
  identity = {
    hosted_zone_id = "Z0123456789ABCDEFGHIJ"
    name           = "status.moh.example.org"
  }
}
