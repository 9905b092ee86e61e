//! Every way in which a folder is changed by those who run it: mounted volumes, editors, deployments, hasty writers. Each ends with the
//! folder's last state judged, and no half of one.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use gatepost::clock::Clock;
use gatepost::policy::{Activation, Bar, Change, Folder, Live, Proof, Settings, Waiver, Watch};
use tempfile::TempDir;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::time::timeout;

use super::PERMIT;

const NEVER: Duration = Duration::from_hours(1);
const SOON: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(30);

struct Watched {
    _watch: Watch,
    changes: Receiver<Change>,
}

impl Watched {
    fn start(folder: &Path, interval: Duration, proof: Proof) -> Self {
        let (sender, changes) = channel(8);
        let bar = Bar {
            proof,
            live: Arc::new(Live::new(Clock::system())),
            activation: Activation::Auto,
        };
        let watch = Watch::start(Folder::new(folder), bar, interval, sender);
        Self {
            _watch: watch.expect("a thread"),
            changes,
        }
    }

    fn waived(folder: &Path, interval: Duration) -> Self {
        let waiver = Waiver::development(true).expect("development");
        Self::start(folder, interval, Proof::Waived(waiver))
    }

    /// What became of the folder: the number of policies, or what is wrong.
    async fn next(&mut self) -> Result<usize, String> {
        let change = timeout(PATIENCE, self.changes.recv()).await;
        match change.expect("in time").expect("a watch") {
            Change::Ready(ready) => Ok(ready.set.snapshot().policy_count()),
            Change::Rejected(refused) => Err(refused.errors.to_string()),
            Change::Unchanged(same) => panic!("{same:?}"),
        }
    }
}

fn permits(count: usize) -> String {
    let permit = |number| format!("@id(\"p{number}\") permit (principal, action, resource);\n");
    (0..count).map(permit).collect()
}

/// A folder as Kubernetes mounts a `ConfigMap`: files are links into `..data`, which is a link to a folder with the time in its name.
fn config_map(root: &Path, version: &str, count: usize) {
    let data = root.join(format!("..{version}"));
    fs::create_dir(&data).expect("a folder");
    fs::write(data.join("a.cedar"), permits(count)).expect("a file");
    let next = root.join("..data_tmp");
    symlink(format!("..{version}"), &next).expect("a link");
    fs::rename(&next, root.join("..data")).expect("a swap");
}

#[tokio::test]
async fn a_swapped_config_map_is_seen_by_its_event() {
    let folder = TempDir::new().expect("a folder");
    config_map(folder.path(), "2026_11_23", 1);
    symlink("..data/a.cedar", folder.path().join("a.cedar")).expect("a link");
    let mut watched = Watched::waived(folder.path(), NEVER);
    assert_eq!(watched.next().await, Ok(1));
    config_map(folder.path(), "2026_11_24", 2);
    assert_eq!(watched.next().await, Ok(2));
    config_map(folder.path(), "2026_11_25", 3);
    assert_eq!(watched.next().await, Ok(3));
}

#[tokio::test]
async fn a_folder_that_is_a_link_to_another_one_is_read_where_it_leads_now() {
    let place = TempDir::new().expect("a folder");
    for (name, count) in [("one", 1), ("two", 2)] {
        fs::create_dir(place.path().join(name)).expect("a folder");
        fs::write(place.path().join(name).join("a.cedar"), permits(count)).expect("a file");
    }
    let folder = place.path().join("policies");
    symlink("one", &folder).expect("a link");
    // The swap happens beside what is watched: only reading again finds it.
    let mut watched = Watched::waived(&folder, SOON);
    assert_eq!(watched.next().await, Ok(1));
    symlink("two", place.path().join("next")).expect("a link");
    fs::rename(place.path().join("next"), &folder).expect("a swap");
    assert_eq!(watched.next().await, Ok(2));
    // And from now on events come from where it leads.
    fs::write(place.path().join("two/b.cedar"), PERMIT).expect("a file");
    assert_eq!(watched.next().await, Ok(3));
}

#[tokio::test]
async fn a_folder_that_is_renamed_away_and_replaced_is_read_again() {
    let place = TempDir::new().expect("a folder");
    let folder = place.path().join("policies");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("a.cedar"), permits(1)).expect("a file");
    let mut watched = Watched::waived(&folder, SOON);
    assert_eq!(watched.next().await, Ok(1));
    let next = place.path().join("next");
    fs::create_dir(&next).expect("a folder");
    fs::write(next.join("a.cedar"), permits(2)).expect("a file");
    fs::rename(&folder, place.path().join("old")).expect("renamed");
    fs::rename(&next, &folder).expect("renamed");
    // Between the two there was no folder; whoever looked then said so.
    let mut seen = watched.next().await;
    if seen.is_err() {
        seen = watched.next().await;
    }
    assert_eq!(seen, Ok(2));
    fs::write(folder.join("b.cedar"), PERMIT).expect("a file");
    assert_eq!(watched.next().await, Ok(3));
}

#[tokio::test]
async fn a_file_that_is_written_in_pieces_is_not_judged_piece_by_piece() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("a.cedar");
    fs::write(&file, permits(1)).expect("a file");
    let mut watched = Watched::waived(folder.path(), NEVER);
    assert_eq!(watched.next().await, Ok(1));
    // Each piece ends at the end of a policy, so that each would be a valid set of its own: the worst that can happen.
    let text = permits(40);
    let writing = tokio::task::spawn_blocking(move || {
        let mut written = String::new();
        for line in text.lines() {
            written.push_str(line);
            written.push('\n');
            fs::write(&file, &written).expect("a piece");
        }
    });
    writing.await.expect("written");
    // A writer that is kept waiting in the middle for longer than the folder has to be quiet looks like one that is done.
    let mut judged = 1;
    while watched.next().await != Ok(40) {
        judged += 1;
    }
    assert!(judged < 10, "{judged} states were judged");
}

#[tokio::test]
async fn a_thousand_hasty_edits_end_with_the_last_one() {
    let folder = TempDir::new().expect("a folder");
    let file = folder.path().join("a.cedar");
    fs::write(&file, permits(1)).expect("a file");
    let mut watched = Watched::waived(folder.path(), NEVER);
    assert_eq!(watched.next().await, Ok(1));
    for edit in 0..1000 {
        let text = match edit % 3 {
            0 => permits(2),
            1 => "permit (".to_owned(),
            _ => String::new(),
        };
        fs::write(&file, text).expect("an edit");
    }
    fs::write(&file, permits(7)).expect("the last edit");
    let mut judged = 1;
    while watched.next().await != Ok(7) {
        judged += 1;
    }
    // They come faster than anybody can read: most are never judged.
    assert!(judged < 100, "{judged} states were judged");
}

/// Permits that each need a question of their own, and that take long together.
fn slow(count: usize) -> String {
    let permit = |number| {
        format!(
            "@id(\"s{number}\") permit (principal, action, resource) when {{ (context.ip.isInRange(ip(\"10.0.{number}.0/24\")) || context.auth like \"*{number}*x\") && [principal.tenant].contains(resource.tenant) && context.actAs == principal }};\n"
        )
    };
    (0..count).map(permit).collect()
}

/// Whether a process runs that was started by this path.
fn runs(program: &Path) -> bool {
    let processes = fs::read_dir("/proc").expect("processes");
    let started_by = |process: fs::DirEntry| {
        let line = fs::read(process.path().join("cmdline")).unwrap_or_default();
        line.starts_with(program.as_os_str().as_encoded_bytes())
    };
    processes.flatten().any(started_by)
}

#[tokio::test]
async fn a_proof_is_called_off_when_the_folder_changes_again() {
    let (folder, tools) = (
        TempDir::new().expect("a folder"),
        TempDir::new().expect("a folder"),
    );
    let (file, solver) = (folder.path().join("a.cedar"), tools.path().join("solver"));
    symlink("/usr/bin/cvc5", &solver).expect("a link");
    fs::write(&file, slow(250)).expect("a file");
    let settings = Settings {
        solver: Some(solver.clone()),
        ..Settings::default()
    };
    let proof = Proof::Required(settings.prover(Clock::system()));
    let mut watched = Watched::start(folder.path(), NEVER, proof);
    let begun = async {
        while !runs(&solver) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, begun).await.expect("a proof that begins");
    fs::write(&file, "permit (").expect("an edit");
    let told = watched
        .next()
        .await
        .expect_err("no word of what was there before");
    assert!(told.starts_with("a.cedar:1: "), "{told}");
    let ended = async {
        while runs(&solver) {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, ended)
        .await
        .expect("no solver is left behind");
}
