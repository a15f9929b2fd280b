//! Problems in the document: an annotation names them by these types, beside its answers.
//!
//! Several problems share a status, of which a document can hold one answer only: they are gathered under their
//! codes first, and regrouped by status when everything is known.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use utoipa::IntoResponses;
use utoipa::openapi::schema::{AllOfBuilder, ObjectBuilder};
use utoipa::openapi::{
    ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Responses, Type,
};

use super::around;
use crate::http::problem::{Kind, MEDIA_TYPE};

/// What stands before a code where a status belongs, until they are regrouped.
const MARK: &str = "problem ";

macro_rules! refusals {
    ($($name:ident),* $(,)?) => { $(
        #[doc = concat!("The handler may answer with `Kind::", stringify!($name), "`.")]
        #[derive(Debug)]
        pub struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                BTreeMap::from([(marked(Kind::$name), Response::default().into())])
            }
        }
    )* };
}

refusals!(
    BaseGone,
    EditRefused,
    Exists,
    Forbidden,
    InvalidBpmn,
    InvalidValue,
    LastAdmin,
    NotEmpty,
    NotFound,
    PreconditionRequired,
    QuotaExceeded,
    Stale,
    SwitchedOff,
    TooMany,
    Unauthorized,
    Unavailable,
    VersionConflict,
);

fn marked(kind: Kind) -> String {
    format!("{MARK}{}", kind.code())
}

/// Adds a problem to an operation.
pub(super) fn add(responses: &mut Responses, kind: Kind) {
    responses.responses.insert(marked(kind), Response::default().into());
}

/// Makes one answer per status out of the problems, each kept once for all operations that share it.
pub(super) fn regroup(document: &mut OpenApi) {
    let mut shared = BTreeMap::new();
    for item in document.paths.paths.values_mut() {
        for operation in around::operations(item) {
            let mut by_status = BTreeMap::<u16, BTreeSet<&'static str>>::new();
            for kind in Kind::ALL {
                if operation.responses.responses.remove(&marked(*kind)).is_some() {
                    by_status.entry(kind.status().as_u16()).or_default().insert(kind.code());
                }
            }
            for (status, codes) in by_status {
                let name = codes.iter().copied().collect::<Vec<_>>().join(".");
                let answer = Ref::new(format!("#/components/responses/{name}"));
                operation.responses.responses.insert(status.to_string(), RefOr::Ref(answer));
                shared.insert(name, (status, codes));
            }
        }
    }
    let components = document.components.get_or_insert_default();
    for (name, (status, codes)) in shared {
        components.responses.insert(name, answer(status, &codes).into());
    }
}

/// The answer of a status with one of these codes.
fn answer(status: u16, codes: &BTreeSet<&'static str>) -> Response {
    let lines: Vec<String> = Kind::ALL
        .iter()
        .filter(|kind| codes.contains(kind.code()))
        .map(|kind| format!("`{}`: {}", kind.code(), kind.title()))
        .collect();
    let this = ObjectBuilder::new()
        .property(
            "status",
            ObjectBuilder::new().schema_type(Type::Integer).enum_values(Some([status])),
        )
        .property(
            "code",
            ObjectBuilder::new().schema_type(Type::String).enum_values(Some(codes.iter().copied())),
        );
    let schema = AllOfBuilder::new().item(Ref::from_schema_name("Problem")).item(this);
    let mut content = ContentBuilder::new().schema(Some(schema));
    if let [only] = codes.iter().copied().collect::<Vec<_>>()[..] {
        content = content.example(Some(example(only)));
    }
    let mut response = ResponseBuilder::new()
        .description(lines.join("\n\n"))
        .content(MEDIA_TYPE, content.build())
        .build();
    let headers = around::problem_headers(status);
    response.headers = headers.map(|name| (name.to_owned(), around::header_ref(name))).collect();
    response
}

/// What such a problem looks like.
fn example(code: &str) -> serde_json::Value {
    let Some(kind) = Kind::ALL.iter().find(|kind| kind.code() == code) else {
        return serde_json::Value::Null;
    };
    json!({ "type": kind.uri(), "code": code, "title": kind.title(), "status": kind.status().as_u16() })
}
