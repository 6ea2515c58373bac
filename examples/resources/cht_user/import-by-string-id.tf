import {
  to = cht_user.jane
  id = "cht-kisumu/jane"
}
