//! How long a key may be made for, as the page's form offers it. For `connect_page` only.

use std::fmt;

/// What people choose from, as far as the configuration lets them.
const USUAL: [u32; 4] = [7, 30, 90, 365];
/// What is chosen unless they do.
const CHOSEN: u32 = 90;

/// A choice.
#[derive(Clone, Debug)]
pub(super) struct Life {
    pub(super) days: u32,
    pub(super) is_chosen: bool,
}

impl fmt::Display for Life {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.days == 1 { "day" } else { "days" };
        write!(formatter, "{} {unit}", self.days)
    }
}

/// The choices where a key lasts at most `max` days, the longest of them last and once more beside them.
pub(super) fn choices(max: u32) -> (Vec<Life>, Life) {
    let life = |days| Life {
        days,
        is_chosen: days == CHOSEN.min(max),
    };
    let shorter = USUAL.into_iter().filter(|days| *days < max);
    (shorter.chain([max]).map(life).collect(), life(max))
}

#[cfg(test)]
mod tests {
    use super::choices;

    #[test]
    fn the_longest_life_is_the_last_choice_and_none_is_longer() {
        let told = |max| {
            let (all, longest) = choices(max);
            let chosen = all.iter().filter(|life| life.is_chosen);
            let chosen: Vec<_> = chosen.map(ToString::to_string).collect();
            let days: Vec<_> = all.iter().map(|life| life.days).collect();
            (days, chosen.concat(), longest.to_string())
        };
        let case = |days: &[u32], chosen: &str, longest: &str| {
            (days.to_vec(), chosen.to_owned(), longest.to_owned())
        };
        assert_eq!(told(365), case(&[7, 30, 90, 365], "90 days", "365 days"));
        assert_eq!(told(90), case(&[7, 30, 90], "90 days", "90 days"));
        assert_eq!(told(40), case(&[7, 30, 40], "40 days", "40 days"));
        assert_eq!(told(1), case(&[1], "1 day", "1 day"));
        assert_eq!(
            told(1000),
            case(&[7, 30, 90, 365, 1000], "90 days", "1000 days")
        );
    }
}
