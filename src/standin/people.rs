//! Who works on the pretended sites. Account ids are global, as Atlassian's are: Carol has one id and two sites.
//! Data only; may be used by this folder, the demo and tests.

/// A person with an Atlassian account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Person {
    /// The short name that commands and tests use.
    pub nickname: &'static str,
    /// The Atlassian account id.
    pub account: &'static str,
    /// The name that Jira shows.
    pub display_name: &'static str,
    /// The e-mail address.
    pub email: &'static str,
}

/// Everybody, on whatever site.
pub const PEOPLE: &[Person] = &[
    Person {
        nickname: "ann",
        account: "5b10a2844c20165700ede21g",
        display_name: "Ann Archer",
        email: "ann@acme.example",
    },
    Person {
        nickname: "bob",
        account: "557058:f58131cb-b67d-43c7-b30d-6b58d40bd077",
        display_name: "Bob Baker",
        email: "bob@acme.example",
    },
    Person {
        nickname: "carol",
        account: "712020:0c2f4a5e-91d3-4b7e-8a66-3d1f0e5b7c92",
        display_name: "Carol Chen",
        email: "carol@consulting.example",
    },
    Person {
        nickname: "eve",
        account: "5d53f3cbc6b9320d9ea5bdc2",
        display_name: "Eve Eriksen",
        email: "eve@globex.example",
    },
    Person {
        nickname: "frank",
        account: "70121:3b6f27d0-5c1e-4f0b-9d8a-6e2c84a1f357",
        display_name: "Frank Fischer",
        email: "frank@globex.example",
    },
];

/// The account id of a person; anything that is no nickname is taken for an account id.
#[must_use]
pub fn account(nickname_or_account: &str) -> String {
    let person = PEOPLE
        .iter()
        .find(|person| person.nickname == nickname_or_account);
    person
        .map_or(nickname_or_account, |person| person.account)
        .to_owned()
}

/// The same, where somebody has to be meant: a word without a digit or a colon is no account id, but a nickname that nobody has.
pub(super) fn known(nickname_or_account: &str) -> Option<String> {
    let account = account(nickname_or_account);
    let is_id = account.contains(|letter: char| letter.is_ascii_digit() || letter == ':');
    is_id.then_some(account)
}

/// The person with this account id.
pub(super) fn person(account: &str) -> Option<&'static Person> {
    PEOPLE.iter().find(|person| person.account == account)
}

/// The e-mail address of an account; of one that is nobody here, an address of its own.
pub(super) fn email(account: &str) -> String {
    let letters = account.chars().filter(char::is_ascii_alphanumeric);
    person(account).map_or_else(
        || format!("{}@nobody.example", letters.collect::<String>()),
        |person| person.email.to_owned(),
    )
}

/// The nicknames of the people of a site: two sites with people of their own, any other site has all.
pub(super) fn of_site(site: &str) -> &'static [&'static str] {
    match site {
        "acme" => &["ann", "bob", "carol"],
        "globex" => &["eve", "frank", "carol"],
        _ => &["ann", "bob", "carol", "eve", "frank"],
    }
}

/// The nicknames of those who may browse the project `SECRET` of a site.
pub(super) fn of_secret(site: &str) -> &'static [&'static str] {
    match site {
        "globex" => &["eve", "carol"],
        _ => &["ann", "carol"],
    }
}

/// The nicknames of those who administer a site. Carol does so on one of her two sites: administering is of an account on a site.
pub(super) fn administrators(site: &str) -> &'static [&'static str] {
    match site {
        "globex" => &["eve"],
        _ => &["carol"],
    }
}
