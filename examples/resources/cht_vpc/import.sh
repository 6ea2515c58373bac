# The id of the VPC.
tofu import cht_vpc.this vpc-0a1b2c3d4e5f60718
