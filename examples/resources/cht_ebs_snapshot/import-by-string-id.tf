import {
  to = cht_ebs_snapshot.before_upgrade
  id = "snap-0a1b2c3d4e5f60718"
}
