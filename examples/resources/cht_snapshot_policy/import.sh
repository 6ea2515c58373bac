# The id of the policy.
tofu import cht_snapshot_policy.daily policy-0a1b2c3d4e5f60718
