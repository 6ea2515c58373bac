import {
  to = cht_k3s_agent.worker["worker-1"]
  identity = {
    name = "worker-1"
    host = "10.20.0.21"
  }
}
