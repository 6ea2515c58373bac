import {
  to = cht_k3s_agent.worker["worker-1"]
  id = "worker-1@10.20.0.21"
}
