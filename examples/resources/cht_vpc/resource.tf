# Two zones that offer Graviton machines, and one NAT gateway.
resource "cht_vpc" "this" {
  name          = "moh"
  cidr_block    = "10.42.0.0/16"
  cluster_names = ["moh"]
}

# A zone that fails takes no other with it.
resource "cht_vpc" "production" {
  name               = "moh-production"
  cidr_block         = "10.43.0.0/16"
  availability_zones = ["eu-west-2a", "eu-west-2b", "eu-west-2c"]
  nat_gateway        = "per_az"
  cluster_names      = ["moh-production"]
  tags = {
    owner = "moh"
  }
}

output "addresses" {
  description = "From where others see the machines of the network."
  value       = cht_vpc.production.nat_public_ips
}
