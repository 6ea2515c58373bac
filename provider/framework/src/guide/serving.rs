//! Serving: the program, its logs, and a debugger.
//!
//! [`serve`](crate::serve) is the whole of `main`. A core starts the program, reads one line from its stdout, and talks
//! to it by gRPC over mutual TLS on a local socket. So nothing else may go to stdout: a `println!` breaks the
//! handshake.
//!
//! # Trying it
//!
//! Build the program, put it into a folder as `terraform-provider-<name>`, and tell the core in a file that
//! `TF_CLI_CONFIG_FILE` names. There is no need for `tofu init` then:
//!
//! ```hcl
//! provider_installation {
//!   dev_overrides {
//!     "example/library" = "/path/to/the/folder"
//!   }
//!   direct {}
//! }
//! ```
//!
//! # A start in milliseconds
//!
//! Cores start a provider several times for each command. By default aws-lc, by which TLS is made, measures the jitter
//! of the processor to seed its random numbers, which takes ten times as long as all the rest of a start: 29 ms instead
//! of 3. Have it built without that, by a line in the `.cargo/config.toml` of your provider; seeds come from the
//! operating system and the processor then:
//!
//! ```toml
//! [env]
//! AWS_LC_SYS_NO_JITTER_ENTROPY = "1"
//! ```
//!
//! # Logs
//!
//! Write `tracing` events: a constant message, with values as fields. They go to stderr as the JSON lines that cores
//! read, each with the call and the type of resource that it belongs to. Events of the crates that `serve` was told of
//! are logged at the level that the user asks for. Those of other crates are logged from `warn` up only, as they would
//! tell headers and bodies.
//!
//! | variable | level of |
//! | --- | --- |
//! | `TF_LOG` | the core and the provider |
//! | `TF_LOG_PROVIDER`, `TF_LOG_PROVIDER_<NAME>` | the provider alone |
//! | `TF_LOG_SDK`, `TF_LOG_SDK_PROTO` | the framework; its part that speaks the protocol |
//! | `TF_LOG_SDK_PROTO_DATA_DIR` | (a folder) every value on the wire, in a file of its own |
//!
//! # A debugger
//!
//! With the argument `--debug`, the program is one to attach to. It prints a line for `TF_REATTACH_PROVIDERS`, and any
//! core with that variable uses the running process instead of starting one. Set your breakpoints, then plan.
//!
//! # Without `main`
//!
//! [`run`](crate::server::run) and [`serve_in`](crate::server::serve_in) are the same with fewer ties to the process,
//! and [`service`](crate::server::service) is the bare gRPC service:
//!
//! ```
//! use tf_framework::diagnostics::Diagnostics;
//! use tf_framework::model::Empty;
//! use tf_framework::provider::{Provider, ResourceEntry};
//! use tf_framework::server::{Mode, ServeOptions, service};
//!
//! struct Library;
//!
//! impl Provider for Library {
//! #     type Model = Empty;
//! #     type Clients = ();
//! #     const NAME: &'static str = "library";
//! #     const ADDRESS: &'static str = "registry.opentofu.org/example/library";
//! #     async fn configure(&self, _: Empty) -> Result<(), Diagnostics> {
//! #         Ok(())
//! #     }
//! #     fn resources(&self) -> Vec<ResourceEntry<()>> {
//! #         Vec::new()
//! #     }
//!     // ...
//! }
//!
//! let options = ServeOptions {
//!     mode: Mode::Reattach,
//!     ..ServeOptions::new(Library::ADDRESS)
//! };
//! let service = service(Library, &options);
//! # drop(service);
//! ```
