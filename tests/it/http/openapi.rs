//! The description of the interface, and its viewer: what is described is what is there.

use std::collections::BTreeSet;

use gatepost::http::templates;
use serde_json::{Value, json};

use super::names;
use crate::world::{APP_URL, World};

/// Routes that are described and not there yet. Whoever adds one takes it out here.
const NOT_YET: &[(&str, &str)] = &[];

async fn document(world: &World) -> Value {
    let answer = world.send("GET", "/openapi.json", &[]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Method, path and operation of everything described.
fn operations(document: &Value) -> Vec<(String, String, &Value)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let operations = paths.flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods.map(move |(method, operation)| (method.to_uppercase(), path.clone(), operation))
    });
    operations.collect()
}

#[tokio::test]
async fn what_is_described_is_what_is_there() {
    let document = document(&World::new().await).await;
    let described: BTreeSet<_> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let owned = |(method, path): (&str, &str)| (method.to_owned(), path.to_owned());
    let there: BTreeSet<_> = templates().map(owned).collect();
    let not_yet: BTreeSet<_> = NOT_YET.iter().copied().map(owned).collect();
    let hidden: BTreeSet<_> = there.difference(&described).cloned().collect();
    assert_eq!(hidden, BTreeSet::new(), "there, and not described");
    let promised: BTreeSet<_> = described.difference(&there).cloned().collect();
    assert_eq!(
        promised, not_yet,
        "described, and neither there nor listed in this file"
    );
}

#[tokio::test]
async fn every_operation_says_what_it_is_for_and_how_it_can_fail() {
    let document = document(&World::new().await).await;
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let what = format!("{method} {path}");
        assert!(operation["summary"].is_string(), "{what}");
        assert_eq!(operation["tags"].as_array().unwrap().len(), 1, "{what}");
        let id = operation["operationId"].as_str().unwrap();
        assert!(ids.insert(id), "{what}: `{id}` stands twice");
        let responses = names(&operation["responses"]);
        assert!(
            responses.iter().any(|status| status.starts_with('2')),
            "{what}"
        );
        assert!(
            responses.contains(&"400") && responses.contains(&"503"),
            "{what}"
        );
        let callers = operation["security"].as_array().unwrap();
        assert_eq!(responses.contains(&"401"), !callers.is_empty(), "{what}");
        let braces = path.matches('{').count();
        let parameters = operation["parameters"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let in_path = parameters.iter().filter(|one| one["in"] == "path").count();
        assert_eq!(in_path, braces, "{what}");
    }
}

#[tokio::test]
async fn every_reference_leads_somewhere() {
    let document = document(&World::new().await).await;
    let text = document.to_string();
    let references: BTreeSet<&str> = text
        .split(r##""$ref":"#"##)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert!(references.len() > 20, "{references:?}");
    for reference in references {
        assert!(document.pointer(reference).is_some(), "`{reference}`");
    }
    let schemes = names(&document["components"]["securitySchemes"]);
    for (method, path, operation) in operations(&document) {
        for scheme in operation["security"].as_array().unwrap() {
            assert!(
                schemes.contains(&names(scheme)[0]),
                "{method} {path}: {scheme}"
            );
        }
    }
}

/// What of the example the schema does not know, or asks for in vain. Members that may be missing may also be null.
fn misfits(document: &Value, schema: &Value, example: &Value, found: &mut Vec<String>) {
    if let Some(reference) = schema["$ref"].as_str() {
        let there = document.pointer(&reference[1..]).unwrap();
        return misfits(document, there, example, found);
    }
    if let Some(items) = example.as_array() {
        for item in items {
            misfits(document, &schema["items"], item, found);
        }
    }
    let Some(properties) = schema["properties"].as_object() else {
        return;
    };
    for name in schema["required"].as_array().into_iter().flatten() {
        if example.get(name.as_str().unwrap()).is_none() {
            found.push(format!("{name} is missing"));
        }
    }
    for (name, value) in example.as_object().unwrap() {
        match properties.get(name) {
            Some(schema) => misfits(document, schema, value, found),
            None => found.push(format!("`{name}` is unknown")),
        }
    }
}

#[tokio::test]
async fn every_example_has_the_shape_that_is_described() {
    let document = document(&World::new().await).await;
    let mut seen = 0;
    for (method, path, operation) in operations(&document) {
        let answers = operation["responses"].as_object().unwrap().values();
        for message in answers.chain([&operation["requestBody"]]) {
            let content = &message["content"]["application/json"];
            if content["example"].is_null() {
                continue;
            }
            let mut found = Vec::new();
            misfits(
                &document,
                &content["schema"],
                &content["example"],
                &mut found,
            );
            assert_eq!(found, [""; 0], "{method} {path}");
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[tokio::test]
async fn an_answer_in_error_is_as_it_is_described() {
    let world = World::new().await;
    let document = document(&world).await;
    let refused = world.send("GET", "/v1/whoami", &[]).await.json();
    let described = &document["components"]["responses"]["Unauthenticated"]["content"];
    let merged = &described["application/json"]["example"];
    assert_eq!(names(&refused), names(merged));
    for member in ["code", "detail", "errors", "status", "title", "type"] {
        assert_eq!(refused[member], merged[member], "{member}");
    }
    let headers = [("accept", "application/problem+json")];
    let alone = world.send("GET", "/v1/whoami", &headers).await.json();
    let described = &described["application/problem+json"]["example"];
    assert_eq!(names(&alone), names(described));
    let schema = &document["components"]["schemas"]["Problem"]["properties"];
    assert_eq!(names(&refused), names(schema));
}

#[tokio::test]
async fn examples_are_true_of_the_pretended_site() {
    let world = World::new().await;
    let document = document(&world).await;
    let token = world.token("acme", "ann");
    let example = |path: &str| {
        let answer = &document["paths"][path]["get"]["responses"]["200"];
        answer["content"]["application/json"]["example"].clone()
    };
    let issue = example("/v1/issue");
    let target = "/v1/issue?site=https://acme.atlassian.net&issue=ACME-1&fields=summary";
    let answer = world.get(target, &token).await.json();
    for member in ["id", "key", "self"] {
        assert_eq!(answer[member], issue[member], "{member}");
    }
    assert_eq!(answer["fields"]["summary"], issue["fields"]["summary"]);
    let whoami = example("/v1/whoami");
    let answer = world.get("/v1/whoami", &token).await.json();
    assert_eq!(names(&answer), names(&whoami));
    for member in ["site", "cloud_id", "account"] {
        assert_eq!(answer[member], whoami[member], "{member}");
    }
    let credential = |value: &Value| names(&value["credential"]).join(" ");
    assert_eq!(credential(&answer), credential(&whoami));
}

#[tokio::test]
async fn a_session_and_a_key_are_as_they_are_described_when_they_are_made() {
    let world = World::new().await;
    let document = document(&world).await;
    let schemas = &document["components"]["schemas"];
    let token = format!("JWT {}", world.fresh_token("acme", "ann"));
    let headers = [("authorization", token.as_str())];
    let session = world.send("POST", "/v1/sessions", &headers).await.json();
    let described = names(&schemas["NewSession"]["properties"]);
    assert_eq!(names(&session), described);
    let key = world.key("acme", "ann", json!({"actions": ["read"]})).await;
    assert_eq!(names(&key), names(&schemas["NewKey"]["properties"]));
    let example = &document["paths"]["/v1/keys"]["post"]["responses"]["201"];
    let example = &example["content"]["application/json"]["example"];
    assert_eq!(key["made_by"], example["made_by"]);
    let session = session["token"].as_str().unwrap();
    let listed = world.get_as("/v1/keys", session).await.json();
    let listed = &listed["keys"][0];
    assert_eq!(names(listed), names(&schemas["Key"]["properties"]));
    let states = &schemas["KeyState"]["enum"];
    assert_eq!(*states, json!(["active", "blocked", "expired", "revoked"]));
}

/// Whatever a caller of the matrix is told, the description has foreseen.
#[tokio::test]
async fn every_status_and_code_of_the_matrix_is_described() {
    let document = document(&World::new().await).await;
    let matrix = include_str!("../../cases/matrix.txt");
    let mut operation = &Value::Null;
    let mut route = "";
    let mut undescribed = BTreeSet::new();
    for line in matrix.lines().filter(|line| !line.starts_with('#')) {
        if let Some((method, path)) = line.split_once(" /") {
            route = line;
            operation = &document["paths"][format!("/{path}")][method.to_lowercase()];
            continue;
        }
        let mut words = line
            .rsplit("  ")
            .next()
            .unwrap_or_default()
            .split_whitespace();
        let (Some(status), Some(code)) = (words.next(), words.next()) else {
            continue;
        };
        let described = &operation["responses"][status];
        let described = match described["$ref"].as_str() {
            Some(reference) => document.pointer(&reference[1..]).unwrap(),
            None => described,
        };
        let is_told =
            status.starts_with('2') || code == "a" || described.to_string().contains(code);
        if described.is_null() || !is_told {
            undescribed.insert(format!("{route}: {status} {code}"));
        }
    }
    assert_eq!(undescribed, BTreeSet::new());
}

#[tokio::test]
async fn the_description_says_where_it_is_served() {
    for path in ["", "/gate"] {
        let world = World::builder().base_path(path).start().await;
        let document = document(&world).await;
        assert_eq!(document["openapi"], "3.1.0");
        assert_eq!(document["servers"][0]["url"], format!("{APP_URL}{path}"));
    }
}

#[tokio::test]
async fn the_viewer_loads_nothing_from_elsewhere_and_may_not() {
    let world = World::new().await;
    let page = world.send("GET", "/docs", &[]).await;
    assert_eq!(page.status, 200, "{}", page.text);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("x-content-type-options"), "nosniff");
    assert_eq!(
        page.header("content-security-policy"),
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
         form-action 'none'; frame-ancestors 'none'"
    );
    let addresses = page.text.split(['"', '\'']).skip(1).step_by(2);
    let files: Vec<&str> = addresses
        .filter(|value| value.starts_with("docs/"))
        .collect();
    assert_eq!(files.len(), 4, "{files:?}");
    assert!(
        !page.text.contains("//"),
        "an address of elsewhere: {}",
        page.text
    );
    for file in files {
        let file = world.send("GET", &format!("/{file}"), &[]).await;
        assert_eq!(file.status, 200);
        assert_eq!(file.header("cache-control"), "public, max-age=3600");
        assert_eq!(file.header("x-content-type-options"), "nosniff");
        assert_eq!(file.decision_id().len(), 36);
    }
}

/// The client's decoder checks gzip's checksum and length: what the archive holds arrives whole.
#[tokio::test]
async fn the_viewers_files_come_whole_out_of_the_archive() {
    let world = World::new().await;
    for (file, kind, begin, holds) in [
        (
            "swagger-ui-bundle.js",
            "text/javascript",
            "/*!",
            "SwaggerUIBundle",
        ),
        ("swagger-ui.css", "text/css", ".swagger-ui", "dark-mode"),
    ] {
        let answer = world.send("GET", &format!("/docs/{file}"), &[]).await;
        assert_eq!(
            answer.header("content-type"),
            format!("{kind}; charset=utf-8")
        );
        assert!(answer.text.starts_with(begin), "{}", &answer.text[..200]);
        assert!(answer.text.contains(holds), "{file}");
        assert!(answer.text.len() > 100_000, "{file}: {}", answer.text.len());
    }
}

#[tokio::test]
async fn what_the_viewer_does_not_load_is_not_there() {
    let world = World::new().await;
    for file in [
        "",
        "docs.html",
        "swagger-ui.js",
        "..%2fdocs.js",
        "%2e%2e",
        "docs.js%00",
        "DOCS.JS",
        "dist%2fswagger-ui.css",
    ] {
        let answer = world.send("GET", &format!("/docs/{file}"), &[]).await;
        assert_eq!(answer.status, 404, "`{file}`: {}", answer.text);
        assert_eq!(answer.json()["code"], "unknown_route", "`{file}`");
    }
}

#[tokio::test]
async fn whoever_reads_the_description_is_recorded() {
    let world = World::new().await;
    for path in ["/openapi.json", "/docs", "/docs/docs.js"] {
        world.send("GET", path, &[]).await;
    }
    let log = world.decisions().await;
    let actions: Vec<_> = log
        .iter()
        .filter(|record| record["kind"] == "decision")
        .map(|record| record["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["openapi", "docs", "docs"]);
    assert!(world.nothing_left());
}
