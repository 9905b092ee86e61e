//! A changed folder is handed on, once, admitted or refused.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatepost::clock::Clock;
use gatepost::policy::{Activation, Bar, Change, Folder, Live, Proof, Settings, Waiver, Watch};
use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

use super::PERMIT;

/// Long enough that a test which passes this way has not waited for the re-scan.
const NEVER: Duration = Duration::from_hours(1);
/// A test that fails ends.
const PATIENCE: Duration = Duration::from_secs(20);

fn bar(proof: Proof) -> Bar {
    Bar {
        proof,
        live: Arc::new(Live::new(Clock::system())),
        activation: Activation::Auto,
    }
}

struct World {
    folder: TempDir,
    watch: Watch,
    changes: Receiver<Change>,
}

impl World {
    fn new(interval: Duration) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::create_dir(folder.path().join("policies")).expect("a folder");
        fs::write(folder.path().join("policies/a.cedar"), PERMIT).expect("a file");
        let (sender, changes) = channel(8);
        let waiver = Waiver::development(true).expect("development");
        let watched = Folder::new(folder.path().join("policies"));
        let bar = bar(Proof::Waived(waiver));
        let watch = Watch::start(watched, bar, interval, sender).expect("a thread");
        Self {
            folder,
            watch,
            changes,
        }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("policies")
    }

    async fn change(&mut self) -> Change {
        timeout(PATIENCE, self.changes.recv())
            .await
            .expect("a change in time")
            .expect("a watch")
    }

    /// The number of policies that are now in order.
    async fn activated(&mut self) -> usize {
        match self.change().await {
            Change::Ready(ready) => ready.set.snapshot().policy_count(),
            Change::Rejected(refused) => panic!("{}", refused.errors),
            Change::Unchanged(same) => panic!("{same:?}"),
        }
    }

    async fn rejected(&mut self) -> String {
        match self.change().await {
            Change::Ready(ready) => panic!("{} policies", ready.set.snapshot().policy_count()),
            Change::Rejected(refused) => refused.errors.to_string(),
            Change::Unchanged(same) => panic!("{same:?}"),
        }
    }
}

fn permit(id: &str) -> String {
    format!("@id(\"{id}\") permit (principal, action, resource);")
}

fn write(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("a file");
}

#[tokio::test]
async fn an_edit_goes_live_a_broken_one_does_not_and_the_fix_does_again() {
    let mut world = World::new(NEVER);
    assert_eq!(world.activated().await, 1);
    write(&world.path(), "b.cedar", &permit("b"));
    assert_eq!(world.activated().await, 2);
    write(&world.path(), "b.cedar", "permit (");
    assert!(world.rejected().await.starts_with("b.cedar:1: "));
    write(&world.path(), "b.cedar", &permit("c"));
    assert_eq!(world.activated().await, 2);
}

#[tokio::test]
async fn going_back_to_the_good_set_is_handed_on_so_that_the_refusal_ends() {
    let mut world = World::new(NEVER);
    world.activated().await;
    write(&world.path(), "a.cedar", "permit (");
    world.rejected().await;
    write(&world.path(), "a.cedar", PERMIT);
    assert_eq!(world.activated().await, 1);
}

#[tokio::test]
async fn renamed_deleted_and_new_files_are_seen_also_in_new_folders() {
    let mut world = World::new(NEVER);
    world.activated().await;
    fs::rename(world.path().join("a.cedar"), world.path().join("z.cedar")).expect("renamed");
    assert_eq!(world.activated().await, 1);
    fs::create_dir(world.path().join("sub")).expect("a folder");
    write(&world.path(), "sub/b.cedar", &permit("b"));
    assert_eq!(world.activated().await, 2);
    fs::remove_file(world.path().join("sub/b.cedar")).expect("deleted");
    assert_eq!(world.activated().await, 1);
}

#[tokio::test]
async fn an_emptied_folder_is_refused_and_not_an_empty_set() {
    let mut world = World::new(NEVER);
    world.activated().await;
    fs::remove_file(world.path().join("a.cedar")).expect("deleted");
    assert!(
        world
            .rejected()
            .await
            .ends_with("no policies: there is no `*.cedar` file")
    );
}

#[tokio::test]
async fn a_folder_that_is_deleted_and_made_again_is_watched_again() {
    let mut world = World::new(Duration::from_millis(50));
    world.activated().await;
    fs::remove_dir_all(world.path()).expect("deleted");
    world.rejected().await;
    fs::create_dir(world.path()).expect("a folder");
    write(&world.path(), "a.cedar", &permit("b"));
    loop {
        // The folder may be seen between the steps of it, and is then refused for what is missing.
        if let Change::Ready(ready) = world.change().await {
            break assert_eq!(ready.set.snapshot().policy_count(), 1);
        }
    }
}

#[tokio::test]
async fn the_same_state_is_handed_on_once() {
    let mut world = World::new(Duration::from_millis(5));
    world.activated().await;
    // With reads this frequent, some see the file as it is between being emptied and being written: nothing is made of that.
    write(&world.path(), "a.cedar", "permit (");
    world.rejected().await;
    for _ in 0..3 {
        world.watch.rescan();
    }
    // Whatever was handed on twice would come before this.
    write(&world.path(), "a.cedar", &permit("b"));
    assert_eq!(world.activated().await, 1);
}

#[tokio::test]
async fn without_a_solver_a_set_that_needs_proof_is_refused() {
    let folder = TempDir::new().expect("a folder");
    write(folder.path(), "a.cedar", PERMIT);
    let (sender, mut changes) = channel(8);
    let settings = Settings {
        solver: Some("/nowhere/cvc5".into()),
        ..Settings::default()
    };
    let proof = Proof::Required(settings.prover(Clock::system()));
    let watched = Folder::new(folder.path());
    let _watch = Watch::start(watched, bar(proof), NEVER, sender).expect("a thread");
    let change = timeout(PATIENCE, changes.recv())
        .await
        .expect("in time")
        .expect("a watch");
    let Change::Rejected(refused) = change else {
        panic!("admitted without proof")
    };
    assert!(refused.digest.is_some());
    assert!(
        refused
            .errors
            .to_string()
            .contains("nothing can be proven: there is no solver")
    );
}

#[tokio::test]
async fn a_dropped_watch_ends_its_thread() {
    let World {
        mut changes,
        watch,
        folder,
    } = World::new(NEVER);
    drop(watch);
    // The channel closes when the thread has gone, with it the sender.
    while timeout(PATIENCE, changes.recv())
        .await
        .expect("in time")
        .is_some()
    {}
    drop(folder);
}
