//! Nested attributes and blocks: objects in objects.
//!
//! A model is a type that an attribute can have. How many of them there are follows from the type around it.
//!
//! | field | in a configuration |
//! | --- | --- |
//! | `M`, `Option<M>` | `root = { size = 10 }` |
//! | `Vec<M>` | `disks = [{ size = 10 }, { size = 20 }]`, where the order matters |
//! | `BTreeSet<M>` | the same, where it does not |
//! | `BTreeMap<String, M>` | `disks = { data = { size = 10 } }` |
//!
//! With the option `block`, the same is written as blocks, `disk { size = 10 }`. That is an older syntax; prefer nested
//! attributes, and take blocks where users expect them. A block is never computed, and blocks that are not there are an
//! empty list, not null.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/guide/stand_in.rs"));
//! use std::collections::{BTreeMap, BTreeSet};
//!
//! use serde_json::json;
//! use tf_framework::Attr;
//! use tf_framework::model::Dynamic;
//!
//! /// A machine.
//! #[derive(Model)]
//! struct Machine {
//!     /// Its disks by name.
//!     disks: BTreeMap<String, Disk>,
//!     /// Who may log in.
//!     #[tf(block(max_items = 2))]
//!     login: BTreeSet<Login>,
//!     /// Whatever else there is to say, of any type.
//!     notes: Option<Dynamic>,
//! }
//!
//! /// A disk.
//! #[derive(Model)]
//! struct Disk {
//!     /// Its size in GiB.
//!     #[tf(default = 10)]
//!     size_gib: i64,
//!     /// Its serial number.
//!     #[tf(keep)]
//!     serial: Attr<String>,
//! }
//!
//! /// A login.
//! #[derive(Model, PartialEq, Eq, PartialOrd, Ord)]
//! struct Login {
//!     /// The name of the user.
//!     user: String,
//! }
//! #
//! # impl InState for Machine {
//! #     const TYPE_NAME: &'static str = "example_machine";
//! #     fn made(mut self) -> Self {
//! #         for (name, disk) in &mut self.disks {
//! #             if disk.serial.is_unknown() {
//! #                 disk.serial = Attr::Known(format!("serial-of-{name}"));
//! #             }
//! #         }
//! #         self
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Diagnostics> {
//! let mut core = core_for::<Machine>();
//! let state = core
//!     .apply(json!({
//!         "disks": { "data": {}, "logs": { "size_gib": 5 } },
//!         "login": [{ "user": "ada" }],
//!         "notes": { "rack": 7 },
//!     }))
//!     .await?;
//! assert_eq!(state["disks"]["data"], json!({ "size_gib": 10, "serial": "serial-of-data" }));
//!
//! // A new disk has a new serial number; those of the others stay known.
//! let config = json!({
//!     "disks": { "data": {}, "logs": { "size_gib": 5 }, "more": {} },
//!     "login": [{ "user": "ada" }],
//!     "notes": { "rack": 7 },
//! });
//! let plan = core.plan(config).await?;
//! let serial = |disk: &str| {
//!     let disks = plan.planned.attribute_or_null("disks");
//!     tf_framework::path::Path::root().key(disk).attribute("serial").get_or_null(disks).clone()
//! };
//! assert_eq!(serial("data"), "serial-of-data".into());
//! assert!(serial("more").is_unknown());
//! # Ok(())
//! # }
//! ```
//!
//! # Which element is which
//!
//! To keep computed values, a plan has to know which element was which before. In a list that is the position, and in a
//! map the key. Elements of a set have neither: those that agree in what is configured are taken for the same. So where
//! elements have computed attributes, prefer a map: its keys are names that the user chose.
//!
//! # Values of any type
//!
//! A [`Dynamic`](crate::model::Dynamic) takes whatever the user writes, and its type with it. It fits what a provider
//! only passes on, such as the values of a template. Everything else is better off with a type.
