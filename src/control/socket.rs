//! The control socket, beside the database: how a command reaches the server that holds it. The file's rights decide who may
//! connect; the kernel says who did. Used by `node` and `cli`.

use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};

use super::command::{Answered, Command, Refusal};
use super::office::Office;

const LINE_BYTES_MAX: u64 = 64 * 1024;
const ANSWER_BYTES_MAX: u64 = 256 * 1024 * 1024;
/// Longer than a proof may take by default: a set without a certificate is proven while its command waits.
const WAIT: Duration = Duration::from_secs(150);

/// A bound socket; its file goes with it.
#[derive(Debug)]
pub struct Socket {
    listener: UnixListener,
    path: PathBuf,
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

impl Socket {
    /// Binds `path` for the owner alone. The caller holds the database, so a file that is there belongs to nobody.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(path)?;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            path: path.to_owned(),
        })
    }

    /// Carries out what comes, one command a connection.
    pub async fn serve(self, office: Office) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    tokio::spawn(tokio::time::timeout(WAIT, answer(stream, office.clone())));
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket could not accept");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
}

async fn answer(mut stream: UnixStream, office: Office) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    // Between bind and chmod the file had the rights of the umask: whoever connected then is told nothing.
    if uid != 0 && uid != rustix::process::geteuid().as_raw() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let by = format!("unix:{uid}");
    let mut line = String::new();
    let (read, mut write) = stream.split();
    BufReader::new(read.take(LINE_BYTES_MAX))
        .read_line(&mut line)
        .await?;
    let answered = match serde_json::from_str::<Command>(&line) {
        Ok(command) => match office.run(command, &by).await {
            Ok(value) => Answered::Done(value),
            Err(refusal) => Answered::Refused(refusal),
        },
        Err(_) => Answered::Refused(Refusal {
            message: "the server does not know this command; it is of another version".to_owned(),
            wrong: false,
        }),
    };
    let mut text = serde_json::to_vec(&answered)?;
    text.push(b'\n');
    write.write_all(&text).await
}

/// Sends `command` to the server that listens at `path`.
pub async fn call(path: &Path, command: &Command) -> io::Result<Result<Value, Refusal>> {
    let exchange = async {
        let mut stream = UnixStream::connect(path).await?;
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        stream.write_all(&line).await?;
        let mut text = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut text).await?;
        Ok(match serde_json::from_slice(&text)? {
            Answered::Done(value) => Ok(value),
            Answered::Refused(refusal) => Err(refusal),
        })
    };
    tokio::time::timeout(WAIT, exchange)
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
}
