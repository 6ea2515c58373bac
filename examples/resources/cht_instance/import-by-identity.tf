import {
  to = cht_instance.kisumu
  identity = {
    namespace = "cht-kisumu"
  }
}
