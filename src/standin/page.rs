//! What a browser sees of the pretended Jira: a page of a site with the app's page in its frame, and Jira's script for that page.
//! For this folder only; at the listener's own address, which is the origin of every site's page. The token of a user is given to
//! this very origin alone: a page of another one that could read it would be that user.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawQuery, State as Held};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;

use crate::secret::hex;

use super::form;
use super::people;
use super::site;
use super::state::{Premises, State};

/// Where Jira's script is.
pub(super) const SCRIPT: &str = "/connect/all.js";

/// The host page runs nothing but its own script and frames whatever the app is installed as.
const CONTENT_SECURITY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
                                frame-src http: https:; base-uri 'none'; form-action 'none'";

/// What the app's frame may do: no more than Jira's frames are sure to. The clipboard is not delegated, so a copy button needs another
/// way than the asynchronous one; neither is the page around to be navigated from within.
const SANDBOX: &str = "allow-downloads allow-forms allow-modals allow-popups allow-popups-to-escape-sandbox allow-same-origin allow-scripts";

/// Whether a path is one of these pages.
pub(super) fn is_page(path: &str) -> bool {
    path.starts_with("/sites/") || path == SCRIPT
}

pub(super) fn router() -> Router<Arc<State>> {
    let script = async |text| asset("text/javascript; charset=utf-8", text);
    Router::new()
        .route(SCRIPT, get(move || script(include_str!("page/all.js"))))
        .route(
            "/sites/host.js",
            get(move || script(include_str!("page/host.js"))),
        )
        .route(
            "/sites/host.css",
            get(async || asset("text/css; charset=utf-8", include_str!("page/host.css"))),
        )
        .route("/sites/{site}/page", get(page))
        .route("/sites/{site}/context-token", get(context_token))
}

fn asset(kind: &'static str, text: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

fn wrong(status: StatusCode, sentence: &str) -> Response {
    (status, format!("{sentence}\n")).into_response()
}

/// A page that nobody can look at.
#[derive(Debug, thiserror::Error)]
enum PageError {
    #[error("no such site; see /_standin/sites")]
    Site,
    #[error("nobody of this site; see /_standin/sites")]
    Person,
}

impl PageError {
    fn into_answer(self) -> Response {
        wrong(StatusCode::NOT_FOUND, &self.to_string())
    }
}

/// Who looks at which site: `/sites/{name}/…?as={person}`.
struct View<'a> {
    place: &'a Premises,
    /// As it was written: a nickname or an account id.
    person: String,
    account: String,
}

impl<'a> View<'a> {
    fn parse(state: &'a State, name: &str, query: Option<&str>) -> Result<Self, PageError> {
        let place = state.site(name).ok_or(PageError::Site)?;
        let query = form::pairs(query.unwrap_or_default()).unwrap_or_default();
        let first = people::of_site(name)[0];
        let person = form::only(&query, "as").unwrap_or(first).to_owned();
        let account = people::account(&person);
        if !place.live().world.is_active(&account) {
            return Err(PageError::Person);
        }
        Ok(Self {
            place,
            person,
            account,
        })
    }

    /// The base URL of the app, if it is there.
    fn app(&self) -> Option<String> {
        let live = self.place.live();
        live.app_base_url.clone().filter(|_| live.installed)
    }
}

async fn page(
    Held(state): Held<Arc<State>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    // `localhost` is another origin than the address, and only the latter may frame the app and talk with it.
    let own = state.address.to_string();
    if headers.get(header::HOST).map(HeaderValue::as_bytes) != Some(own.as_bytes()) {
        return Redirect::temporary(&format!("http://{own}{uri}")).into_response();
    }
    let view = match View::parse(&state, &name, query.as_deref()) {
        Ok(view) => view,
        Err(unknown) => return unknown.into_answer(),
    };
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY),
        // The frame's address holds a token that is good once.
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, document(&state, &view)).into_response()
}

fn document(state: &State, view: &View<'_>) -> String {
    let content = match view.app() {
        Some(base_url) => frame(state, view, &base_url),
        None => "<p>The app is not installed on this site.</p>".to_owned(),
    };
    let person =
        people::person(&view.account).map_or(view.person.as_str(), |person| person.display_name);
    let link = |name: &&str| format!("<a href=\"?as={name}\">{name}</a>\n");
    format!(
        include_str!("page/host.html"),
        title = escape(&view.place.host),
        person = escape(person),
        people = people::of_site(&view.place.name)
            .iter()
            .map(link)
            .collect::<String>(),
        content = content,
    )
}

/// The frame, at the address that Jira would give it: what it says of the page around it, and a token for this very request.
fn frame(state: &State, view: &View<'_>, base_url: &str) -> String {
    // Two pages within one second must not carry the same token, which is good once.
    let channel = format!(
        "channel-{}__page__{}",
        state.app_key,
        hex(&state.chance.bytes::<4>())
    );
    let target = format!(
        "/connect/page?xdm_e={}&xdm_c={}&cp=&lic=none&cv=1001.0.0",
        form::encode(&view.place.base_url),
        form::encode(&channel),
    );
    // INVARIANT: the query was encoded one line above.
    let token = site::request_token(state, view.place, &view.account, "GET", &target)
        .expect("an encoded target");
    let source = format!("{base_url}{target}&jwt={token}");
    let tokens = format!(
        "/sites/{}/context-token?as={}",
        view.place.name,
        form::encode(&view.person)
    );
    format!(
        "<iframe id=\"app\" title=\"The app's page\" sandbox=\"{SANDBOX}\" data-tokens=\"{}\" src=\"{}\"></iframe>",
        escape(&tokens),
        escape(&source),
    )
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    text.replace('>', "&gt;").replace('"', "&quot;")
}

/// The token behind `AP.context.getToken()`, for the script of the host page.
async fn context_token(
    Held(state): Held<Arc<State>>,
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    // Browsers write this header themselves. Without the check a form or a frame of any origin could make the stand-in sign.
    if headers.get("sec-fetch-site") != Some(&HeaderValue::from_static("same-origin")) {
        return wrong(
            StatusCode::FORBIDDEN,
            "for the page of the site alone; see /_standin/sites/{site}/context-token",
        );
    }
    let view = match View::parse(&state, &name, query.as_deref()) {
        Ok(view) => view,
        Err(unknown) => return unknown.into_answer(),
    };
    if view.app().is_none() {
        return wrong(
            StatusCode::CONFLICT,
            "the app is not installed on this site",
        );
    }
    let token = site::context_token(&state, view.place, &view.account);
    ([(header::CACHE_CONTROL, "no-store")], token).into_response()
}
