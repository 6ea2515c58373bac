//! The provider's executable: Terraform or OpenTofu starts it.

use std::process::ExitCode;

use terraform_provider_cht::provider::ChtProvider;

fn main() -> ExitCode {
    tf_framework::serve(ChtProvider, &["terraform_provider_cht"])
}
