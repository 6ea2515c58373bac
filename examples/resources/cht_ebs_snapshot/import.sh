# The id of the snapshot.
tofu import cht_ebs_snapshot.before_upgrade snap-0a1b2c3d4e5f60718
