//! Headers of a request that some handlers read, for their annotations.

use utoipa::IntoParams;

/// A save names what it builds on.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only what it says of itself is used")]
pub struct Builds {
    /// The `ETag` of the version that the save builds on; `*` for whatever is there
    #[param(required = false, rename = "If-Match", format = "etag", example = "\"v7\"")]
    if_match: String,
    /// `merge`: merge with what others saved since, instead of refusing
    #[param(required = false, rename = "Prefer", example = "merge")]
    prefer: String,
}

/// A change is carried out only while the entry is as its caller knows it.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "only what it says of itself is used")]
pub struct Unchanged {
    /// The `ETag` of the entry that the change builds on: 412 if somebody else changed it since
    #[param(required = false, rename = "If-Match", format = "etag", example = "\"v7.3\"")]
    if_match: String,
}
