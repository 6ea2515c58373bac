//! The derive macro of `tf-framework`.
