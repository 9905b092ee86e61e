//! The stand-in's page in a browser: who gets a token from it, and who does not.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use gatepost::clock::{Chance, TestClock, Timestamp};
use gatepost::standin::{Settings, Standin, account};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// An app whose page does nothing but load Jira's script, as strictly as ours will: no script of another origin, no inline one.
async fn app(standin: &Standin) -> String {
    let script = standin.page_script();
    let security = format!("default-src 'none'; script-src {script}; img-src data:");
    let page = format!(
        "<!doctype html><html lang=\"en\"><title>An app</title><link rel=\"icon\" href=\"data:,\">\
         <script src=\"{script}\"></script><main><h1>An app</h1><button>Press</button></main></html>"
    );
    let answer = async move || {
        let headers = [
            (header::CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
            (header::CONTENT_SECURITY_POLICY, security),
        ];
        (headers, page).into_response()
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().route("/connect/page", get(answer));
    tokio::spawn(axum::serve(listener, router).into_future());
    origin
}

#[tokio::test]
async fn the_frame_of_the_app_gets_a_token_and_nobody_else_does() {
    let clock = TestClock::at(Timestamp::from_seconds(1_795_000_000));
    let standin = Standin::start(Settings::default(), clock.clock(), Chance::seeded(1)).await;
    let standin = standin.unwrap();
    let app = app(&standin).await;
    let _ = standin.site("acme").install(&app);
    let arguments = json!({"standin": standin.oauth_server(), "app": app});
    let Some(played) = super::play("standin", &arguments).await else {
        return;
    };
    let tokens = played.steps("token");
    assert_eq!(tokens.len(), 2);
    for (step, background) in tokens.iter().zip(["rgb(255, 243, 205)", "rgb(58, 47, 11)"]) {
        let person = step["person"].as_str().unwrap();
        assert_eq!(step["claims"]["qsh"], "context-qsh");
        assert_eq!(step["claims"]["sub"], account(person).as_str());
        assert_eq!(step["claims"]["iss"], standin.site("acme").client_key());
        assert_eq!(step["byCallback"], account(person).as_str());
        assert_eq!(step["location"], standin.site("acme").page_url(person));
        assert_eq!(step["fits"], json!([true, true]), "{person}");
        assert_eq!(step["background"], background, "{person}");
    }
    assert_eq!(played.step("resize")["height"], 345);
    assert_eq!(played.step("focus")["focus"], "button Press");
    for outsider in ["around the host", "in place of the app"] {
        assert_eq!(played.step(outsider)["got"], json!([]), "{outsider}");
    }
    let _ = played.step("within the app");
    let elsewhere = &played.step("framed elsewhere")["got"];
    assert_eq!(elsewhere, &json!(["afterwards"]));
    assert_eq!(played.step("fetched from afar")["fetched"], "TypeError");
    let not_framed = &played.step("not framed")["error"];
    assert_eq!(not_framed, &Value::from("this page is not in a frame"));
    let text = &played.step("not installed")["text"];
    assert_eq!(text, "The app is not installed on this site.");
}
