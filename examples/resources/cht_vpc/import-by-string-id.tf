import {
  to = cht_vpc.this
  id = "vpc-0a1b2c3d4e5f60718"
}
