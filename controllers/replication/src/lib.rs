//! The ReplicationController.
