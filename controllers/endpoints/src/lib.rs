//! Endpoints, EndpointSlices and their mirroring: services find their pods.

mod members;
mod mirroring;
mod route;
mod trigger_time;
