# What was on the disk of a county before something that may go wrong.
resource "cht_ebs_snapshot" "before_upgrade" {
  name        = "siaya-before-5.3"
  volume_id   = "vol-0a1b2c3d4e5f60718"
  description = "before the upgrade to CHT 5.3"
  tags        = { Address = "siaya.moh.example.org" }
}
