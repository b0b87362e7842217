//! The lease alone, with three candidates, in every order.
