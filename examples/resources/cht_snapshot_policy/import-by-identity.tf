import {
  to = cht_snapshot_policy.daily
  identity = {
    id = "policy-0a1b2c3d4e5f60718"
  }
}
