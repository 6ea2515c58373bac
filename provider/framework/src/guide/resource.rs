//! A resource and its life: made, read, changed, removed, imported.
//!
//! A resource implements [`Resource`](crate::resource::Resource). Its objects are somewhere else; here, in a library
//! that the example plays in memory. The test at the end drives it with the core simulator.
//!
//! ```
//! use std::collections::BTreeMap;
//! use std::sync::{Arc, Mutex};
//!
//! use serde_json::json;
//! use tf_framework::context::Context;
//! use tf_framework::diagnostics::Diagnostics;
//! use tf_framework::model::Empty;
//! use tf_framework::provider::{Provider, ResourceEntry};
//! use tf_framework::resource::Resource;
//! use tf_framework::testing::Core;
//! use tf_framework::{Attr, ImportBy, Model, NoIdentity};
//!
//! /// A book on a shelf.
//! #[derive(Model)]
//! struct BookModel {
//!     /// Its title.
//!     #[tf(replace)]
//!     title: String,
//!     /// How many copies there are.
//!     #[tf(default = 1)]
//!     copies: i64,
//!     /// Its shelf mark.
//!     #[tf(keep)]
//!     mark: Attr<String>,
//! }
//!
//! /// The remote side: titles and copies by shelf mark.
//! type Shelf = Mutex<BTreeMap<String, (String, i64)>>;
//!
//! struct Book;
//!
//! impl Resource for Book {
//!     type Model = BookModel;
//!     type Clients = Arc<Shelf>;
//!     type Private = ();
//!     type Identity = NoIdentity;
//!
//!     const TYPE_NAME: &'static str = "library_book";
//!
//!     async fn create(&self, cx: &Context<Self>, mut plan: BookModel) -> Result<BookModel, Diagnostics> {
//!         let mark = format!("A{}", plan.title.len());
//!         cx.clients().lock().unwrap().insert(mark.clone(), (plan.title.clone(), plan.copies));
//!         plan.mark = Attr::Known(mark);
//!         // The book is there from here on: whatever happens next, it is in the state.
//!         cx.checkpoint(&plan);
//!         Ok(plan)
//!     }
//!
//!     async fn read(&self, cx: &Context<Self>, state: BookModel) -> Result<Option<BookModel>, Diagnostics> {
//!         let shelf = cx.clients().lock().unwrap();
//!         let found = state.mark.known().and_then(|mark| shelf.get(mark)).cloned();
//!         Ok(found.map(|(title, copies)| BookModel { title, copies, ..state }))
//!     }
//!
//!     async fn update(
//!         &self,
//!         cx: &Context<Self>,
//!         _prior: BookModel,
//!         plan: BookModel,
//!     ) -> Result<BookModel, Diagnostics> {
//!         if let Some(mark) = plan.mark.known() {
//!             let book = (plan.title.clone(), plan.copies);
//!             cx.clients().lock().unwrap().insert(mark.clone(), book);
//!         }
//!         Ok(plan)
//!     }
//!
//!     async fn delete(&self, cx: &Context<Self>, state: BookModel) -> Result<(), Diagnostics> {
//!         // That it is gone already is success.
//!         if let Some(mark) = state.mark.known() {
//!             cx.clients().lock().unwrap().remove(mark);
//!         }
//!         Ok(())
//!     }
//!
//!     async fn import(&self, cx: &Context<Self>, by: ImportBy<NoIdentity>) -> Result<BookModel, Diagnostics> {
//!         let ImportBy::Id(mark) = by;
//!         let Some((title, copies)) = cx.clients().lock().unwrap().get(&mark).cloned() else {
//!             let detail = format!("There is no book `{mark}`. A mark looks like `A12`.");
//!             return Err(Diagnostics::error("No such book", detail));
//!         };
//!         let mark = Attr::Known(mark);
//!         Ok(BookModel { title, copies, mark })
//!     }
//! }
//!
//! struct Library(Arc<Shelf>);
//!
//! impl Provider for Library {
//!     type Model = Empty;
//!     type Clients = Arc<Shelf>;
//!
//!     const NAME: &'static str = "library";
//!     const ADDRESS: &'static str = "registry.opentofu.org/example/library";
//!
//!     async fn configure(&self, _: Empty) -> Result<Arc<Shelf>, Diagnostics> {
//!         Ok(Arc::clone(&self.0))
//!     }
//!
//!     fn resources(&self) -> Vec<ResourceEntry<Arc<Shelf>>> {
//!         vec![ResourceEntry::new(Book)]
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Diagnostics> {
//! let shelf = Arc::<Shelf>::default();
//! let mut core = Core::new(Library(Arc::clone(&shelf)), "library_book");
//!
//! let state = core.apply(json!({ "title": "Middlemarch" })).await?;
//! assert_eq!(state, json!({ "title": "Middlemarch", "copies": 1, "mark": "A11" }));
//! assert!(core.plan(json!({ "title": "Middlemarch" })).await?.is_empty());
//!
//! core.apply(json!({ "title": "Middlemarch", "copies": 3 })).await?;
//! assert_eq!(shelf.lock().unwrap()["A11"].1, 3);
//!
//! core.destroy().await?;
//! assert!(shelf.lock().unwrap().is_empty());
//! # Ok(())
//! # }
//! ```
//!
//! # What the core calls when
//!
//! - A first apply calls `create` with the plan. The answer is the new state.
//! - Every plan begins with a `read` for each object in the state. `None` means that the object is *certainly* gone,
//!   and the next plan makes it again. What cannot be reached is an error, never gone.
//! - `update` gets the prior state and the plan. It changes what differs, and is called after a creation that was left
//!   unfinished, too.
//! - `delete` ends with nothing left. It is also the first half of a replacement, which a change of `title` asks for.
//! - `import` finds an object by what the user calls it. The core reads it next, so it can leave most attributes open.
//!
//! # What comes in, and what has to come out
//!
//! In these methods, everything that the configuration decides is known: `copies` is a plain `i64`. What the provider
//! decides is an `Attr<T>`. In `create`, `mark` is unknown, and the answer has to say what it became.
//!
//! The core checks answers, and so does the framework before it: planned values come back as they were planned, and
//! nothing stays unknown. A breach is an error that names the attribute, as a defect of the provider. The object is
//! kept all the same.
//!
//! # What is kept beside the state
//!
//! `Private` is a struct of the resource's own that the user does not see, such as a version for optimistic locking.
//! Read it with [`cx.private`](crate::context::Context::private), and replace it with
//! [`cx.set_private`](crate::context::Context::set_private).
