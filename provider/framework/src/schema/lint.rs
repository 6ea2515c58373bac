//! The schema rules that the core enforces when it loads schemas, and the conventions on top of them.
