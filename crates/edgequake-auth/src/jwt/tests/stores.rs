//! The provider with a store: what is saved when, what is read, and what a broken store leads to.
