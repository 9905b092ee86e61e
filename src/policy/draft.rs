//! A draft: the files of a policy folder as they were read, and nothing understood yet. What must never happen here: a file that
//! cannot be read is left out. A missing file may be a missing forbid, so one bad file refuses the whole set.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

use super::blame::{Blame, ByTenant};
use super::error::{Fault, Faults, PolicyError};
use crate::ledger::entry::PolicyRef;
use crate::secret::{hex, sha256};
use crate::tenant::TenantId;
use walk::Walk;

mod walk;

/// The largest file.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// The largest set.
pub const SET_BYTES_MAX: usize = 16 * 1024 * 1024;
const TOO_LARGE: &str = "the files together are larger than 16 MiB";
/// The largest number of entries in the folder and its subfolders.
pub const ENTRIES_MAX: usize = 20_000;
/// How often a folder is read until two reads agree.
const READS_MAX: usize = 5;

/// Teams, memberships and tags.
pub(super) const ENTITIES: &str = "entities.json";
/// In the folder of a tenant, and in none that is read: all its questions are denied. See [`super::Validated::check_confined`].
const CLOSED: &str = "closed";
/// Where the folders of tenants lie.
const TENANTS: &str = "tenants/";
/// Where the files lie that say what must be provable.
pub(super) const GUARANTEES: &str = "guarantees/";
/// Links of templates.
pub(super) const LINKS: &str = "links.json";

/// The files of a folder: path relative to it, with `/`, and text.
#[derive(Clone, Debug)]
pub struct Draft {
    files: BTreeMap<String, String>,
    /// What could not be read in the folders of tenants. It is each tenant's own: see [`super::Validated::check_confined`].
    unread: ByTenant,
    digest: String,
}

/// The digest is of all that the files say, and of what could not be read.
impl PartialEq for Draft {
    fn eq(&self, other: &Self) -> bool {
        self.digest == other.digest
    }
}

impl Eq for Draft {}

impl Draft {
    /// Reads a folder until two reads agree, so that a set is never made of the halves of two. Here a file of a tenant that cannot be
    /// read refuses the whole, as every other does.
    pub fn read(directory: &Path) -> Result<Self, PolicyError> {
        let mut last = Self::read_once(directory)?;
        for _ in 1..READS_MAX {
            let next = Self::read_once(directory)?;
            if next.digest == last.digest {
                return next.whole();
            }
            last = next;
        }
        Err(Fault::of_file(
            directory.display().to_string(),
            "the folder changes while it is read",
        )
        .into())
    }

    /// A set from memory, under the same rules: for `demo` and tests.
    pub fn from_files<N: Into<String>, T: Into<String>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, PolicyError> {
        let files = files
            .into_iter()
            .map(|(name, text)| (name.into(), text.into()));
        Self::of_files(".", files.collect(), Blame::default())?.whole()
    }

    /// This set, if all of it could be read.
    fn whole(self) -> Result<Self, PolicyError> {
        if self.unread.is_empty() {
            return Ok(self);
        }
        Err(together(self.unread.into_values()))
    }

    /// What could not be read in the folders of tenants.
    pub(super) fn unread(&self) -> &ByTenant {
        &self.unread
    }

    /// `sha256:` and the hash over the sorted paths and contents.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Every file of the set: path and text.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, String> {
        &self.files
    }

    /// The Cedar files that hold policies: the shared ones, then those of tenants, each sorted by path. So it is a tenant's file
    /// that takes an id which is taken, and not a shared one.
    pub(super) fn policies(&self) -> impl Iterator<Item = (&str, &str)> {
        let shared = self.cedar(|path| !path.starts_with(GUARANTEES) && tenant_of(path).is_none());
        shared.chain(self.cedar(|path| tenant_of(path).is_some()))
    }

    /// The tenants with a folder of their own.
    pub(super) fn tenants(&self) -> BTreeSet<&str> {
        let served = self.files.keys().filter_map(|path| tenant_of(path));
        served
            .chain(self.unread.keys().map(String::as_str))
            .collect()
    }

    /// The files in the folder of a tenant.
    pub(super) fn of_tenant(&self, tenant: &str) -> impl Iterator<Item = (&String, &String)> {
        let folder = format!("{TENANTS}{tenant}/");
        let files = self.files.range(folder.clone()..);
        files.take_while(move |(path, _)| path.starts_with(&folder))
    }

    /// The tenants all of whose questions are denied.
    pub(super) fn closed(&self) -> impl Iterator<Item = &str> {
        self.files.keys().filter_map(|path| closed(path))
    }

    /// This set with the files of some tenants taken from another; a tenant that has none there, or that is `unfit`, is closed.
    pub(super) fn with_tenants_of(
        &self,
        other: Option<&Self>,
        tenants: &BTreeSet<&str>,
        unfit: &BTreeSet<String>,
    ) -> Result<Self, PolicyError> {
        let is_kept = |path: &str| tenant_of(path).is_none_or(|tenant| !tenants.contains(tenant));
        let mut files = self.files.clone();
        files.retain(|path, _| is_kept(path));
        let earlier = other.iter().flat_map(|other| &other.files);
        let is_fit = |path: &str| tenant_of(path).is_some_and(|tenant| !unfit.contains(tenant));
        let earlier = earlier.filter(|(path, _)| !is_kept(path) && is_fit(path));
        files.extend(earlier.map(|(path, text)| (path.clone(), text.clone())));
        // Kept files come on top of new ones: tenants that break large files in turn must not pile them up.
        if files.values().map(String::len).sum::<usize>() > SET_BYTES_MAX {
            return Err(Fault::of_file(".", TOO_LARGE).into());
        }
        let served: BTreeSet<String> = files
            .keys()
            .filter_map(|path| tenant_of(path).map(str::to_owned))
            .collect();
        for tenant in tenants.iter().filter(|tenant| !served.contains(**tenant)) {
            files.insert(format!("{TENANTS}{tenant}/{CLOSED}"), String::new());
        }
        // Of whoever is at fault nothing is left that could not be read.
        let mut composed = Self::of_files(".", files, Blame::default())?;
        let others = self.unread.iter();
        let others = others.filter(|(tenant, _)| !tenants.contains(tenant.as_str()));
        composed.unread = others
            .map(|(tenant, errors)| (tenant.clone(), errors.clone()))
            .collect();
        composed.digest = digest(&composed.files, &composed.unread);
        Ok(composed)
    }

    /// The Cedar files that say what must be provable, sorted by path. They are no policies: they allow nothing.
    pub(crate) fn guarantees(&self) -> impl Iterator<Item = (&str, &str)> {
        self.cedar(|path| path.starts_with(GUARANTEES))
    }

    /// The text of a policy's file, and where in it its line begins.
    pub(super) fn place(&self, policy: &PolicyRef) -> Option<(&str, usize)> {
        let text = self.file(&policy.file)?;
        let above = usize::try_from(policy.line).ok()?.checked_sub(1)?;
        let lines = text.split_inclusive('\n').take(above);
        Some((text, lines.map(str::len).sum()))
    }

    fn cedar(&self, fits: impl Fn(&str) -> bool) -> impl Iterator<Item = (&str, &str)> {
        let files = self.files.iter();
        let files = files.filter(move |(path, _)| is_cedar(path) && fits(path));
        files.map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The text that says who is in which team.
    pub(super) fn entities(&self) -> Option<&str> {
        self.file(ENTITIES)
    }

    /// The text of one file.
    pub(super) fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }

    /// Reads a folder as it is at the moment.
    pub(super) fn read_once(directory: &Path) -> Result<Self, PolicyError> {
        let (files, blame) = Walk::through(directory)?;
        Self::of_files(&directory.display().to_string(), files, blame)
    }

    fn of_files(
        place: &str,
        mut files: BTreeMap<String, String>,
        mut blame: Blame,
    ) -> Result<Self, PolicyError> {
        files.retain(|path, _| match misplaced(path) {
            Some(message) => {
                blame.push(Fault::of_file(path, message));
                false
            }
            None => true,
        });
        // An emptied folder is an accident, not a wish to deny everything.
        let is_policy = |path: &String| is_cedar(path) && !path.starts_with(GUARANTEES);
        if !files.keys().any(is_policy) {
            blame.push(Fault::of_file(
                place,
                "no policies: there is no `*.cedar` file",
            ));
        }
        let (shared, unread) = blame.apart();
        if let Err(shared) = shared {
            // Whoever mends it is told all at once.
            let all = [shared].into_iter().chain(unread.into_values());
            return Err(together(all));
        }
        let digest = digest(&files, &unread);
        Ok(Self {
            files,
            unread,
            digest,
        })
    }
}

fn together(errors: impl Iterator<Item = PolicyError>) -> PolicyError {
    let mut faults = Faults::default();
    for error in errors {
        faults.part::<()>(Err(error));
    }
    // INVARIANT: it is called with an error.
    faults.none_or(()).expect_err("an error")
}

/// SHA-256 over paths and contents, each with its length before it, so that no two sets look alike. What could not be read counts:
/// a state is looked at again when such a fault appears or goes.
fn digest(files: &BTreeMap<String, String>, unread: &ByTenant) -> String {
    let mut bytes = Vec::new();
    let mut add = |part: &str| {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    };
    for (path, text) in files {
        add(path);
        add(text);
    }
    // A third part, which no set has that could be read: nothing looks like a file here.
    for (tenant, errors) in unread {
        add("");
        add(tenant);
        add(&errors.to_string());
    }
    format!("sha256:{}", hex(&sha256(&bytes)))
}

fn is_cedar(path: &str) -> bool {
    Path::new(path).extension() == Some(OsStr::new("cedar"))
}

/// The tenant in whose folder a file lies. A folder that cannot be that of a tenant is nobody's own.
pub(super) fn tenant_of(path: &str) -> Option<&str> {
    folder_of(path).filter(|name| name.parse::<TenantId>().is_ok())
}

/// The folder below that of the tenants in which a file lies.
fn folder_of(path: &str) -> Option<&str> {
    let (folder, _) = path.strip_prefix(TENANTS)?.split_once('/')?;
    Some(folder)
}

/// The tenant that a file closes.
fn closed(path: &str) -> Option<&str> {
    let (tenant, name) = path.strip_prefix(TENANTS)?.split_once('/')?;
    (name == CLOSED).then_some(tenant)
}

/// Why a file must not be where it is.
fn misplaced(path: &str) -> Option<String> {
    let (folder, _) = path.split_once('/')?;
    match folder {
        "tenants" => misplaced_tenant(path),
        _ if !is_cedar(path) => Some("this file is read at the top of the folder only".to_owned()),
        "tests" => Some("Cedar files under `tests` are not policies".to_owned()),
        _ => None,
    }
}

fn misplaced_tenant(path: &str) -> Option<String> {
    let Some(tenant) = folder_of(path) else {
        return Some("a file under `tenants` lies in the folder of its tenant, which has the tenant's client key for a name".to_owned());
    };
    // `Tenant::"…"` and ids are made of it: a name that cannot be a client key would be a folder that never matches.
    if let Err(error) = tenant.parse::<TenantId>() {
        return Some(format!("this folder cannot be that of a tenant: {error}"));
    }
    let is_fine = is_cedar(path) || closed(path).is_some();
    (!is_fine).then(|| "this file is read at the top of the folder only".to_owned())
}

#[cfg(test)]
mod tests;
