import {
  to = cht_dns_alias.status
  id = "Z0123456789ABCDEFGHIJ/status.moh.example.org"
}
