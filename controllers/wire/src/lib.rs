//! Bytes to the model and back: protobuf, JSON and watch frames.
