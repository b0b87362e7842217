//! How the server says no.

use mainstay_model::Refusal;

/// An error, as the server's Status tells it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refused {
    /// The HTTP status code.
    pub code: u16,
    /// The word for machines.
    pub reason: &'static str,
    /// The word of its first cause, where that makes a difference; empty without one.
    pub cause: &'static str,
}

impl Refused {
    /// No such object.
    pub const NOT_FOUND: Refused = Refused::new(404, "NotFound");
    /// The name is in use.
    pub const ALREADY_EXISTS: Refused = Refused::new(409, "AlreadyExists");
    /// A precondition on UID or version, or a state that excludes the request.
    pub const CONFLICT: Refused = Refused::new(409, "Conflict");
    /// The quota is full.
    pub const FORBIDDEN: Refused = Refused::new(403, "Forbidden");
    /// The namespace is being deleted.
    pub const NAMESPACE_TERMINATING: Refused =
        Refused { code: 403, reason: "Forbidden", cause: "NamespaceTerminating" };
    /// The object would not be valid.
    pub const INVALID: Refused = Refused::new(422, "Invalid");
    /// The request is not valid.
    pub const BAD_REQUEST: Refused = Refused::new(400, "BadRequest");
    /// The version has been forgotten.
    pub const EXPIRED: Refused = Refused::new(410, "Expired");
    /// The version has not come to be yet.
    pub const TOO_LARGE: Refused = Refused { code: 504, reason: "Timeout", cause: "ResourceVersionTooLarge" };

    const fn new(code: u16, reason: &'static str) -> Refused {
        Refused { code, reason, cause: "" }
    }

    /// As our clients hear of it in the answer to a write.
    pub fn to_refusal(self) -> Refusal {
        let message = self.reason.to_owned();
        match self {
            Refused::ALREADY_EXISTS => Refusal::AlreadyExists,
            Refused::NAMESPACE_TERMINATING => Refusal::NamespaceTerminating { message },
            Refused { code: 404, .. } => Refusal::NotFound { message },
            Refused { code: 409, .. } => Refusal::Conflict { message },
            Refused { code: 403, .. } => Refusal::Forbidden { message },
            Refused { code: 422, .. } => Refusal::Invalid { message },
            Refused { code, .. } => Refusal::Other { code, message },
        }
    }
}
