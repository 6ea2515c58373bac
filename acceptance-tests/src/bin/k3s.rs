//! The stand-in for k3s, as the program that lies on a host: see `acceptance_tests::k3s`.

use std::env;
use std::process::ExitCode;

// One thread: the peers that it starts end with the thread that started them.
#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    acceptance_tests::k3s::run(env::args().collect()).await
}
