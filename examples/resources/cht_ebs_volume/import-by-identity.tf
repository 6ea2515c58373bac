import {
  to = cht_ebs_volume.siaya
  identity = {
    id = "vol-0a1b2c3d4e5f60718"
  }
}
