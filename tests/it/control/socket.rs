//! One server a database, and the socket beside it.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};

use crate::node::program::Ground;
use crate::node::wire;

#[tokio::test]
async fn a_second_server_on_the_same_database_is_refused_and_leaves_no_trace() {
    let ground = Ground::new().await;
    let program = ground.serve();
    let before = ground.log().len();
    let told = ground.try_serve().map(|_| ()).unwrap_err();
    assert!(told.contains("is in use by a running gatepost"), "{told}");
    let ended = ground.run(&["serve"]);
    assert_eq!(ended.status.code(), Some(1));
    assert_eq!(ground.log().len(), before);
    // The first still has its socket.
    ground.done(&["tenant", "list"]);
    assert_eq!(wire::get(program.admin, "/readyz", None).await.status, 200);
}

#[tokio::test]
async fn the_socket_is_its_owners_alone_and_a_stale_one_is_no_obstacle() {
    let ground = Ground::new().await;
    let socket = ground.path("gatepost.db.sock");
    let program = ground.serve();
    let file = std::fs::symlink_metadata(&socket).unwrap();
    assert!(file.file_type().is_socket());
    assert_eq!(file.permissions().mode() & 0o777, 0o600);
    program.kill();
    assert!(socket.exists(), "nobody could tidy up");
    // On the file, with the stale socket beside it.
    ground.done(&["token", "create", "--role", "auditor"]);
    let program = ground.serve();
    ground.done(&["token", "create", "--role", "auditor"]);
    program.terminate();
    assert_eq!(program.ended().await.code(), Some(0));
    assert!(!socket.exists());
    for name in ["gatepost.db", "gatepost.db.lock"] {
        let mode = std::fs::metadata(ground.path(name))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[tokio::test]
async fn what_is_no_command_is_refused_over_the_socket() {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let ground = Ground::new().await;
    let _program = ground.serve();
    let long = format!(
        "{{\"command\":\"tenant_show\",\"tenant\":\"{}\"}}\n",
        "a".repeat(100_000)
    );
    for line in [
        "\n",
        "{}\n",
        "{\"command\":\"shutdown\"}\n",
        "{\"command\":\"tenant_list\",\"x\":1}\n",
        &long,
    ] {
        let mut stream = tokio::net::UnixStream::connect(ground.path("gatepost.db.sock"))
            .await
            .unwrap();
        let _ = stream.write_all(line.as_bytes()).await;
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer).await;
        assert!(answer.is_empty() || answer.contains("refused"), "{answer}");
    }
    ground.done(&["tenant", "list"]);
}
