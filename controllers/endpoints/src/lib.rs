//! Endpoints, EndpointSlices and their mirroring: services find their pods.
