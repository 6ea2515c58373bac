//! Functions: computing something from values, without an object and without a provider block.
//!
//! A function implements [`Function`](crate::function::Function) for the struct of its parameters. Users call it as
//! `provider::library::shelf_mark("Middlemarch", 1871)`:
//!
//! ```
//! use tf_framework::Parameters;
//! use tf_framework::function::{Function, FunctionError};
//! use tf_framework::provider::FunctionEntry;
//! use tf_framework::schema::Validator;
//!
//! /// Makes the shelf mark of a book.
//! #[derive(Parameters)]
//! struct ShelfMark {
//!     /// The title.
//!     #[tf(validate(Validator::not_empty()))]
//!     title: String,
//!     /// The year in which it came out, if that is known.
//!     year: Option<i64>,
//! }
//!
//! impl Function for ShelfMark {
//!     type Output = String;
//!
//!     const NAME: &'static str = "shelf_mark";
//!
//!     fn call(self) -> Result<String, FunctionError> {
//!         let Some(letter) = self.title.chars().find(|character| character.is_alphabetic()) else {
//!             return Err(FunctionError::new("A title has at least one letter.").at(Self::TITLE));
//!         };
//!         let year = self.year.map_or("undated".to_owned(), |year| year.to_string());
//!         Ok(format!("{}-{year}", letter.to_uppercase()))
//!     }
//! }
//!
//! let book = ShelfMark { title: "Middlemarch".to_owned(), year: Some(1871) };
//! assert_eq!(book.call(), Ok("M-1871".to_owned()));
//!
//! let nameless = ShelfMark { title: "1984".to_owned(), year: None };
//! assert_eq!(nameless.call().unwrap_err().argument(), Some(ShelfMark::TITLE));
//!
//! assert_eq!(FunctionEntry::new::<ShelfMark>().name(), "shelf_mark");
//! ```
//!
//! It goes into [`functions`](crate::provider::Provider::functions) of the provider.
//!
//! A function sees its arguments and nothing else: no clients, clock, file or environment. The core expects the same
//! result for the same arguments from plan to apply. Where an argument is unknown, the result is unknown without a
//! call, unless the type of the field has a place for it.
//!
//! The result can be a model, too; then it is an object.
