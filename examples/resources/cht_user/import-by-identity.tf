import {
  to = cht_user.jane
  identity = {
    instance = "cht-kisumu"
    username = "jane"
  }
}
