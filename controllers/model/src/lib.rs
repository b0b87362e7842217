//! What the objects are: slim typed views, keys, selectors, label sets and writes.
