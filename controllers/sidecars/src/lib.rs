//! The SidecarWorkload.
