# The id of the hosted zone, a slash, and the name.
tofu import cht_dns_alias.status Z0123456789ABCDEFGHIJ/status.moh.example.org
