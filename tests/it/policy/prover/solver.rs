//! A solver that lies, hangs, talks or is not there: each ends in a refusal that says what to do, and none in a proof.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use gatepost::clock::Clock;
use gatepost::policy::{Bounds, ProofError, Prover, Stop};
use tempfile::TempDir;

use super::{SHIPPED, with};
use crate::cli::gatepost;

const CVC5: &str = "/usr/bin/cvc5";
/// What a fake begins with. `$PLACE` is the folder that it lies in. It may write no file, but the target of a link is none.
const HELLO: &str = r#"#!/bin/sh
PLACE=$(dirname "$0")
ln -s $$ "$PLACE/pid-$$"
"#;
const IDENTIFIED: &str = r#"
read -r line
[ "$line" = '(get-info :name)' ] && { echo '(:name "cvc5")'; read -r line; echo '(:version "1.0.3")'; }
"#;

/// A folder with a solver of our own making.
struct Fake {
    folder: TempDir,
}

impl Fake {
    /// A shell script that says what it is and goes on with `rest`.
    fn script(rest: &str) -> Self {
        let fake = Self {
            folder: TempDir::new().expect("a folder"),
        };
        fake.write(&format!("{HELLO}{IDENTIFIED}{rest}"));
        fake
    }

    /// To each query this.
    fn answering(answer: &str) -> Self {
        Self::script(&format!(
            "while read -r line; do case \"$line\" in '(check-sat)') {answer};; '(get-model)') {answer};; esac; done"
        ))
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("cvc5")
    }

    /// Another process writes it: a program that a thread of this one has open for writing cannot be started by another thread.
    fn write(&self, text: &str) {
        let new = self.folder.path().join("new");
        let writing = Command::new("/bin/sh")
            .args(["-c", "cat > \"$0\" && chmod 755 \"$0\" && mv \"$0\" \"$1\""])
            .args([&new, &self.path()])
            .stdin(Stdio::piped())
            .spawn();
        let mut writing = writing.expect("a shell");
        let mut input = writing.stdin.take().expect("a pipe");
        std::io::Write::write_all(&mut input, text.as_bytes()).expect("it is written");
        drop(input);
        assert!(writing.wait().expect("a shell").success());
    }

    /// What it left behind.
    fn told(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.folder.path())
            .expect("a folder")
            .flatten();
        let links = entries.filter_map(|entry| {
            let target = fs::read_link(entry.path()).ok()?;
            let name = entry.file_name().to_str()?.to_owned();
            Some((name, target.to_str()?.to_owned()))
        });
        links.collect()
    }

    fn prover(&self) -> Prover {
        prover(self.path(), Duration::from_millis(300))
    }

    /// Why nothing is proven with it. The whole takes no longer than some time-outs, whatever it does.
    fn refusal(&self) -> String {
        let began = Clock::system().stopwatch();
        let told = refusal(&self.prover());
        assert!(began.elapsed() < Duration::from_secs(30), "{told}");
        told
    }
}

fn prover(path: impl Into<PathBuf>, query_timeout: Duration) -> Prover {
    let bounds = Bounds {
        solver: Some(path.into()),
        query_timeout,
        timeout: Duration::from_mins(1),
    };
    Prover::new(bounds, Clock::system())
}

fn refusal(prover: &Prover) -> String {
    match with(&[]).examine(prover, &Stop::default()) {
        Ok(certificate) => panic!("proven by {}", certificate.solver.path),
        Err(ProofError::Unproven(faults)) => {
            assert!(faults.is_unproven());
            let mut told = String::new();
            for fault in faults.faults() {
                let remedy = miette::Diagnostic::help(fault).expect("a remedy");
                write!(told, "{fault} / {remedy}").expect("a text");
            }
            told
        }
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_solver_that_says_the_same_to_everything_is_found_out() {
    for (answer, told) in [
        (
            "echo unsat",
            "not to be trusted: it did not find a known hole / install cvc5 anew",
        ),
        (
            "echo unknown",
            "not to be trusted: the solver could not decide it",
        ),
        ("echo sat", "not to be trusted: "),
    ] {
        let refusal = Fake::answering(answer).refusal();
        assert!(refusal.contains(told), "{answer}: {refusal}");
    }
}

#[test]
fn what_is_no_answer_is_none() {
    for answer in [
        "echo hello",
        "echo",
        "echo unsat sat",
        "echo UNSAT",
        "printf 'unsat'; exit 0",
        "printf '\\377\\376\\n'",
        "exit 0",
        "exit 1",
        "kill -9 $$",
        "echo '(error \"x\")'",
        // The right answer to the wrong query: one more than was asked for.
        "echo unsat; echo unsat",
        "echo '('; echo ')'",
    ] {
        let refusal = Fake::answering(answer).refusal();
        assert!(
            refusal.contains("not to be trusted: "),
            "{answer}: {refusal}"
        );
        assert!(refusal.len() < 1000, "{answer}: {} bytes", refusal.len());
    }
}

#[test]
fn an_answer_without_an_end_ends() {
    let model = "case \"$line\" in '(check-sat)') echo sat;; '(get-model)')";
    let fakes = [
        // Line after line, and one line only: a wait for a line's end would take all memory.
        format!(
            "while read -r line; do {model} echo '('; exec yes '(define-fun x () Bool true)';; esac; done"
        ),
        "exec tr '\\0' x < /dev/zero".to_owned(),
        "exec yes".to_owned(),
        // A word at a time: each comes within the time, all together never.
        format!(
            "while read -r line; do {model} echo '('; while true; do echo x; sleep 0.1; done;; esac; done"
        ),
    ];
    for fake in fakes {
        let refusal = Fake::script(&fake).refusal();
        assert!(refusal.contains("not to be trusted: "), "{fake}: {refusal}");
        assert!(refusal.len() < 1000, "{fake}: {} bytes", refusal.len());
    }
}

#[test]
fn a_solver_that_hangs_is_ended_with_all_that_it_started() {
    for hangs in [
        "sleep 1000 & ln -s $! \"$PLACE/child-$!\"; wait",
        "exec sleep 1000",
        "while true; do :; done",
    ] {
        let fake = Fake::script(hangs);
        let refusal = fake.refusal();
        assert!(refusal.contains("no answer within 0.3 s"), "{refusal}");
        let told = fake.told();
        let pids = told.iter().filter(|(name, _)| name.starts_with("pid-"));
        // One that was asked who it is, and one that hung. None is left, not even as a zombie.
        assert_eq!(pids.clone().count(), 2, "{hangs}");
        for (_, pid) in pids {
            assert_eq!(state(pid), None, "{hangs}");
        }
        // What it started is of another parent now, who buries it.
        for (_, pid) in told.iter().filter(|(name, _)| name.starts_with("child-")) {
            let began = Clock::system().stopwatch();
            while state(pid).is_some_and(|state| state != 'Z') {
                assert!(began.elapsed() < Duration::from_secs(10), "{hangs}");
                std::thread::yield_now();
            }
        }
    }
}

/// `S` for a process that sleeps, `Z` for a dead one that nobody has asked for; nothing if there is none.
fn state(pid: &str) -> Option<char> {
    let stat = fs::read_to_string(Path::new("/proc").join(pid).join("stat")).ok()?;
    stat.rsplit_once(") ")?.1.chars().next()
}

/// A pipe holds 64 KiB: who writes more to a program that does not read would wait for ever.
#[test]
fn a_solver_that_does_not_read_is_not_waited_for() {
    // cvc5 for whoever asks who it is and for the canaries, and deaf from then on.
    let fake = Fake::script("");
    let deaf = "[ $(ls \"$PLACE\" | grep -c pid-) -gt 2 ] && exec sleep 1000\n";
    fake.write(&format!(
        "{HELLO}{deaf}exec {CVC5} --lang=smt --strings-exp\n"
    ));
    let words: Vec<String> = (0..300)
        .map(|n| format!("\"{n}{}\"", "x".repeat(500)))
        .collect();
    let long = format!(
        "@guarantee(\"never\") @title(\"x\") permit (principal, action, resource) when {{ [{}].contains(context.auth) }};",
        words.join(", ")
    );
    let bounds = Bounds {
        solver: Some(fake.path()),
        query_timeout: Duration::from_secs(2),
        timeout: Duration::from_secs(2),
    };
    let began = Clock::system().stopwatch();
    let set = with(&[("guarantees/long.cedar", &long)]);
    let refused = set.examine(&Prover::new(bounds, Clock::system()), &Stop::default());
    let told = refused.expect_err("refused").to_string();
    assert!(told.contains("`long` could not be decided"), "{told}");
    assert!(began.elapsed() < Duration::from_secs(20));
}

/// Its first answer is right. Its second is the first once more, whatever was asked.
#[test]
fn a_solver_that_answers_twice_is_not_heard_a_second_time() {
    let fake = Fake::script("");
    fake.write(&format!(
        "#!/bin/sh\n{CVC5} --lang=smt --strings-exp --produce-models | sed -u 's/^unsat$/unsat\\nunsat/'\n"
    ));
    let told = refusal(&prover(fake.path(), Duration::from_secs(10)));
    assert!(told.contains("it said more than it was asked"), "{told}");
}

#[test]
fn a_solver_that_cannot_be_started_is_none() {
    let folder = TempDir::new().expect("a folder");
    let missing = folder.path().join("none");
    let told = refusal(&prover(&missing, Duration::from_secs(1)));
    assert!(
        told.contains("nothing can be proven: there is no solver")
            && told.contains("install cvc5 (on Debian"),
        "{told}"
    );
    let told = refusal(&prover(folder.path(), Duration::from_secs(1)));
    assert!(
        told.contains("which is no absolute path of a file"),
        "{told}"
    );
    let told = refusal(&prover("cvc5", Duration::from_secs(1)));
    assert!(
        told.contains("which is no absolute path of a file"),
        "{told}"
    );
    let plain = folder.path().join("plain");
    fs::write(&plain, "#!/bin/sh\n").expect("a file");
    let told = refusal(&prover(&plain, Duration::from_secs(1)));
    assert!(told.contains("cannot be used: Permission denied"), "{told}");
    let told = refusal(&prover("/bin/true", Duration::from_secs(1)));
    assert!(
        told.contains("cannot be used: it ended without an answer"),
        "{told}"
    );
    let told = refusal(&prover("/bin/cat", Duration::from_secs(1)));
    assert!(told.contains("cannot be used: "), "{told}");
}

#[test]
fn another_solver_than_cvc5_is_not_taken() {
    let fake = Fake {
        folder: TempDir::new().expect("a folder"),
    };
    fake.write("#!/bin/sh\nread -r line; echo '(:name \"z3\")'; read -r line; echo '(:version \"4\")'; cat > /dev/null");
    let told = fake.refusal();
    assert!(told.contains("it does not say that it is cvc5"), "{told}");
}

/// cvc5 behind a script of ours.
fn genuine(more: &str) -> String {
    format!("#!/bin/sh\nPLACE=$(dirname \"$0\")\n{more}\nexec {CVC5} --lang=smt --strings-exp\n")
}

#[test]
fn what_another_solver_proved_is_proven_again() {
    let (fake, set) = (Fake::script(""), with(&[]));
    fake.write(&genuine("# one"));
    let prover = prover(fake.path(), Duration::from_secs(10));
    let asked = || {
        let certificate = set.examine(&prover, &Stop::default()).expect("proven");
        let asked = certificate.queries.iter().filter(|query| !query.cached);
        (asked.count(), certificate.solver.digest)
    };
    let (first, digest) = asked();
    assert!(first > 0);
    assert_eq!(asked(), (0, digest.clone()));
    // As long as the first, and as old as it: only its bytes are others.
    let written = fs::metadata(fake.path())
        .expect("a file")
        .modified()
        .expect("a time");
    fake.write(&genuine("# two"));
    let file = fs::File::options()
        .append(true)
        .open(fake.path())
        .expect("a file");
    file.set_modified(written).expect("it is set back");
    drop(file);
    let (again, other) = asked();
    assert_eq!(again, first);
    assert_ne!(other, digest);
}

/// Each time that it is started it changes its own file, later than the system's clock of files can overlook.
#[test]
fn a_solver_that_is_replaced_while_a_proof_is_made_is_refused() {
    let fake = Fake::script("");
    fake.write(&genuine("sleep 0.05; touch \"$0\""));
    let told = refusal(&prover(fake.path(), Duration::from_secs(10)));
    assert!(told.contains("replaced while a proof was made"), "{told}");
}

#[test]
fn a_solver_in_a_folder_with_a_blank_in_its_name_is_digested_whole() {
    let folder = TempDir::with_prefix("a b ").expect("a folder");
    let place = folder.path().join("cvc 5");
    // A copy by another process, for the reason above.
    let copied = Command::new("/bin/cp")
        .args([Path::new(CVC5), &place])
        .status();
    assert!(copied.expect("a copy").success());
    let prover = prover(&place, Duration::from_secs(10));
    let certificate = with(&[])
        .examine(&prover, &Stop::default())
        .expect("proven");
    assert_eq!(certificate.solver.path, place.display().to_string());
}

/// Through the program, which alone may have a master key in its environment.
#[test]
fn a_solver_gets_no_environment_no_files_and_bounded_memory() {
    let fake = Fake::script("");
    // The first question comes after the limits were set.
    let look = r#"
        [ -L "$PLACE/limits" ] && exec CVC5 --lang=smt --strings-exp
        read -r line; echo '(:name "cvc5")'
        ln -s "<$(tr '\0' ' ' < /proc/$$/environ)>" "$PLACE/environment"
        ln -s "$(grep -E 'address space|core file|Max file size' /proc/$$/limits | tr -s ' ' | sort)" "$PLACE/limits"
        ln -s "$(cut -d' ' -f19 /proc/$$/stat)" "$PLACE/nice"
        ln -s "$(pwd)" "$PLACE/at"
        (echo x > "$PLACE/file") 2>/dev/null
        exec CVC5 --lang=smt --strings-exp"#;
    fake.write(&format!("{HELLO}{}", look.replace("CVC5", CVC5)));
    let folder = TempDir::new().expect("a folder");
    for (name, text) in SHIPPED {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let config = format!(
        "[policy]\ndirectory = \".\"\nproof = \"off\"\nsolver = \"{}\"\n[development]\nenabled = true\n",
        fake.path().display()
    );
    fs::write(folder.path().join("gatepost.toml"), config).expect("a file");
    let output = gatepost(folder.path(), &["policy", "prove"])
        .env("GATEPOST_MASTER_KEY", "0".repeat(64))
        .output()
        .expect("the program");
    assert!(output.status.success(), "{output:?}");
    let told = fake.told();
    assert_eq!(told["environment"], "<>");
    assert_eq!(
        told["limits"].lines().map(str::trim).collect::<Vec<_>>(),
        [
            "Max address space 4294967296 4294967296 bytes",
            "Max core file size 0 0 bytes",
            "Max file size 0 0 bytes",
        ]
    );
    assert_eq!((told["nice"].as_str(), told["at"].as_str()), ("19", "/"));
    let written = fs::read_to_string(fake.folder.path().join("file")).unwrap_or_default();
    assert_eq!(written, "");
}
