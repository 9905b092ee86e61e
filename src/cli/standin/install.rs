//! Connect's part: a site's signed callback is delivered once, as soon as a gateway is there. Used by this command only.

use std::io;
use std::time::Duration;

use anyhow::{Context as _, bail};

use super::super::wire::{self, Message};
use super::target::Target;
use crate::standin::{Callback, Site};

/// How often a gateway that is not up yet is tried, a second apart.
const ATTEMPTS_MAX: u32 = 60;

/// Installs the app on `site`, or says why the gateway did not take it.
pub(super) async fn deliver(site: &Site, gateway: &Target) -> anyhow::Result<()> {
    for attempt in 1..=ATTEMPTS_MAX {
        // Signed anew each time: a callback is good for three minutes, and once.
        let callback = site.install(&gateway.base_url);
        match post(gateway, &callback).await {
            Ok(status @ (200 | 204)) => {
                println!("# Installed on {}: {status}.", site.host());
                return Ok(());
            }
            Ok(status) => bail!(
                "the gateway refused the install on `{}`: {status}; its log says why (`gatepost log query`)",
                site.host()
            ),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                if attempt == 1 {
                    eprintln!("waiting for a gateway at {}", gateway.authority);
                }
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
            Err(error) => return Err(error).context("cannot deliver the install"),
        }
    }
    bail!("no gateway at `{}`", gateway.authority)
}

/// One POST over a connection of its own; gives the status of the answer.
async fn post(gateway: &Target, callback: &Callback) -> io::Result<u16> {
    let message = Message {
        method: "POST",
        authority: &gateway.authority,
        target: &gateway.at(&callback.path),
        authorization: &callback.authorization,
        headers: &[],
        body: &callback.body,
    };
    Ok(wire::exchange(&message).await?.status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Chance, Clock};
    use crate::standin::{Settings, Standin};
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn an_install_is_delivered_and_its_status_read() {
        let standin = Standin::start(Settings::default(), Clock::system(), Chance::seeded(1)).await;
        let site = standin.unwrap().site("acme");
        let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/base", gateway.local_addr().unwrap());
        let answering = async {
            let (mut stream, _) = gateway.accept().await.unwrap();
            let mut request = vec![0; 16 * 1024];
            let read = stream.read(&mut request).await.unwrap();
            stream
                .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
                .await
                .unwrap();
            String::from_utf8_lossy(&request[..read]).into_owned()
        };
        let target = Target::parse(&base_url).unwrap();
        let (request, installed) = tokio::join!(answering, deliver(&site, &target));
        installed.unwrap();
        assert!(
            request.starts_with("POST /base/connect/installed HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(request.contains("Authorization: JWT "));
    }
}
