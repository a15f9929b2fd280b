//! Contract stub.
