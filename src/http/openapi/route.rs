//! One operation of the description, as it is written in the tables beside this file. What all operations have in common is added
//! here: the headers of every answer, the answers in error, how callers prove who they are. Used by `openapi` alone.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::path::{
    Operation, OperationBuilder, Parameter, ParameterBuilder, ParameterIn,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{Array, ObjectBuilder, Schema, Type};
use utoipa::openapi::{Content, ContentBuilder, Header, HttpMethod, Ref, RefOr, Required};

use super::errors;
use super::security::Callers;

/// An operation and the schemas it speaks of.
pub(super) struct Route {
    pub(super) method: HttpMethod,
    pub(super) path: String,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
    operation: OperationBuilder,
}

pub(super) fn get(path: impl Into<String>, id: &str, summary: &str) -> Route {
    Route::new(HttpMethod::Get, path.into(), id, summary)
}

pub(super) fn post(path: impl Into<String>, id: &str, summary: &str) -> Route {
    Route::new(HttpMethod::Post, path.into(), id, summary).refuses(&[408, 413])
}

pub(super) fn delete(path: impl Into<String>, id: &str, summary: &str) -> Route {
    Route::new(HttpMethod::Delete, path.into(), id, summary)
}

impl Route {
    fn new(method: HttpMethod, path: String, id: &str, summary: &str) -> Self {
        let operation = OperationBuilder::new()
            .operation_id(Some(id))
            .summary(Some(summary));
        let operation = names(&path).fold(operation, |operation, name| {
            operation.parameter(path_parameter(&path, name))
        });
        Self {
            method,
            path,
            schemas: Vec::new(),
            operation,
        }
        .refuses(&[400, 503])
    }

    pub(super) fn tag(self, tag: &str) -> Self {
        self.map(|operation| operation.tag(tag))
    }

    pub(super) fn says(self, description: &str) -> Self {
        self.map(|operation| operation.description(Some(description)))
    }

    /// Who may call it. Whoever must prove something can fail to.
    pub(super) fn by(self, callers: Callers) -> Self {
        let route = self.map(|operation| operation.securities(Some(callers.requirements())));
        let route = match callers {
            Callers::Anyone => route,
            _ => route.refuses(&[401]),
        };
        // A key may be good from elsewhere, may manage nothing, and is used too fast; other origins' pages change nothing.
        let route = match callers {
            Callers::Anyone | Callers::Request => route,
            Callers::Context => route.refuses(&[403]),
            Callers::Verified | Callers::Managers | Callers::Session => route.refuses(&[403, 429]),
        };
        match callers {
            Callers::Managers => route.header(
                "X-Gatepost-Page",
                "The page's nonce, for a session that was opened with one.",
            ),
            _ => route,
        }
    }

    /// Without an example: viewers fill it in and send what nobody asked for.
    pub(super) fn query(self, name: &str, description: &str) -> Self {
        let parameter = text(name, ParameterIn::Query, description, None);
        self.map(|operation| operation.parameter(parameter))
    }

    pub(super) fn required_query(self, name: &str, description: &str, example: &str) -> Self {
        let parameter = text(name, ParameterIn::Query, description, Some(example));
        self.map(|operation| operation.parameter(parameter.required(Required::True)))
    }

    pub(super) fn header(self, name: &str, description: &str) -> Self {
        let parameter = text(name, ParameterIn::Header, description, None);
        self.map(|operation| operation.parameter(parameter))
    }

    pub(super) fn body<T: ToSchema>(mut self, required: bool, example: Value) -> Self {
        let content = content(self.named::<T>(), example);
        let needed = if required {
            Required::True
        } else {
            Required::False
        };
        let body = RequestBodyBuilder::new()
            .required(Some(needed))
            .content("application/json", content)
            .build();
        self.map(|operation| operation.request_body(Some(body)))
    }

    pub(super) fn gives<T: ToSchema>(mut self, status: u16, what: &str, example: Value) -> Self {
        let content = content(self.named::<T>(), example);
        let answer = answer(what).content("application/json", content);
        self.map(|operation| operation.response(status.to_string(), answer))
    }

    pub(super) fn gives_list<T: ToSchema>(mut self, what: &str, example: Value) -> Self {
        let list = Array::new(self.named::<T>());
        let content = content(list, example);
        let answer = answer(what).content("application/json", content);
        self.map(|operation| operation.response("200", answer))
    }

    pub(super) fn gives_nothing(self, what: &str) -> Self {
        self.map(|operation| operation.response("204", answer(what)))
    }

    /// An answer for browsers.
    pub(super) fn gives_text(self, content_type: &str, what: &str) -> Self {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        let content = ContentBuilder::new().schema(Some(schema)).build();
        let answer = answer(what).content(content_type, content);
        self.map(|operation| operation.response("200", answer))
    }

    /// The answers in error, by status; `errors` has one of each.
    pub(super) fn refuses(self, statuses: &[u16]) -> Self {
        self.map(|operation| {
            statuses.iter().fold(operation, |operation, status| {
                let name = errors::name(*status);
                operation.response(status.to_string(), Ref::from_response_name(name))
            })
        })
    }

    pub(super) fn into_operation(self) -> Operation {
        self.operation.build()
    }

    /// Where the schema stands, which is put there.
    fn named<T: ToSchema>(&mut self) -> Ref {
        self.schemas.push((T::name().into_owned(), T::schema()));
        T::schemas(&mut self.schemas);
        Ref::from_schema_name(T::name())
    }

    fn map(mut self, change: impl FnOnce(OperationBuilder) -> OperationBuilder) -> Self {
        self.operation = change(self.operation);
        self
    }
}

/// An answer with the headers that every answer has.
pub(super) fn answer(what: &str) -> ResponseBuilder {
    let header = |description: &str| {
        let mut header = Header::new(ObjectBuilder::new().schema_type(Type::String));
        header.description = Some(description.to_owned());
        header
    };
    ResponseBuilder::new()
        .description(what)
        .header(
            "X-Gatepost-Decision",
            header("The decision's id: what the operator finds it by in the log."),
        )
        .header("X-Request-ID", header("The request's id."))
}

fn content(schema: impl Into<RefOr<Schema>>, example: Value) -> Content {
    ContentBuilder::new()
        .schema(Some(schema))
        .example(Some(example))
        .build()
}

fn text(
    name: &str,
    place: ParameterIn,
    description: &str,
    example: Option<&str>,
) -> ParameterBuilder {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(place)
        .description(Some(description))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String)))
        .example(example.map(Value::from))
}

/// The names between braces.
fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/')
        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn path_parameter(path: &str, name: &str) -> Parameter {
    let (description, example) = match name {
        "cloudId" => ("The site's cloud id.", super::ACME_CLOUD),
        "host" => ("The site's host.", "acme.atlassian.net"),
        "issue" => ("Key or id of the issue.", "ACME-1"),
        "edition" => (
            "What the page names: it changes with its files.",
            "0123456789ab",
        ),
        "file" if path.starts_with("/connect/") => ("A file that the page loads.", "page.js"),
        "file" => ("A file that the page loads.", "docs.css"),
        "version" => ("The version of Jira's interface.", "3"),
        _ if path.contains("/sessions/") => ("The session's id, not its text.", "session_…"),
        _ if path.contains("/keys/") => ("The key's id, not its text.", "key_…"),
        _ if path.contains("/blocks/") => ("The block's id.", "block_…"),
        _ => ("The grant's id.", "grant_…"),
    };
    let values = ["2", "3", "latest"];
    let schema = ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values((name == "version").then_some(values));
    text(name, ParameterIn::Path, description, Some(example))
        .required(Required::True)
        .schema(Some(schema))
        .build()
}
