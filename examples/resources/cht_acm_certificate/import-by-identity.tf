import {
  to = cht_acm_certificate.moh
  identity = {
    arn = "arn:aws:acm:eu-west-2:123456789012:certificate/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"
  }
}
