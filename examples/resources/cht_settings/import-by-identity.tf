# An identity names no keys: the first apply writes all that are configured.
import {
  to = cht_settings.kisumu
  identity = {
    instance = "cht-kisumu"
  }
}
