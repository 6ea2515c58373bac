# A snapshot each night of all volumes with the tag, of which those of two weeks are kept.
resource "cht_snapshot_policy" "daily" {
  name        = "CHT every night"
  target_tags = { backup = "daily" }
  schedule    = { interval_hours = 24, time = "01:00" }
  retain      = { count = 14 }
}

# One each Sunday, kept for a year.
resource "cht_snapshot_policy" "weekly" {
  name        = "CHT every week"
  target_tags = { backup = "daily" }
  schedule    = { cron_expression = "cron(0 3 ? * SUN *)" }
  retain      = { days = 365 }
  tags_to_add = { kept = "long" }
}
