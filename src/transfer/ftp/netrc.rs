//! Passwords in a file of the form that ftp, curl and lftp read: `machine HOST login USER password WORD`.

use crate::foundation::secret::Secret;

#[derive(Default)]
struct Entry<'t> {
    /// `None` for all hosts.
    host: Option<&'t str>,
    user: Option<&'t str>,
    password: Option<&'t str>,
}

/// The password of `user` at `host`, by the first entry that fits. One that names no user is for all of them.
pub fn find(text: &str, host: &str, user: &str) -> Option<Secret<String>> {
    let fits = |entry: &Entry<'_>| {
        entry.host.is_none_or(|named| named == host) && entry.user.is_none_or(|named| named == user)
    };
    let entry = entries(text).into_iter().find(|entry| fits(entry) && entry.password.is_some())?;
    entry.password.map(|password| Secret::new(password.into()))
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut words = text.lines().filter(|line| !line.trim_start().starts_with('#')).flat_map(str::split_whitespace);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    while let Some(word) = words.next() {
        match (word, entries.last_mut()) {
            ("machine", _) => entries.push(Entry { host: Some(words.next().unwrap_or_default()), ..Entry::default() }),
            ("default", _) => entries.push(Entry::default()),
            ("login", Some(entry)) => entry.user = words.next(),
            ("password", Some(entry)) => entry.password = words.next(),
            ("account" | "macdef", _) => drop(words.next()),
            _ => {}
        }
    }
    entries
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_entry_that_fits_counts() {
        let text = "# machine h login u password commented\nmachine other login u password no\n\
                    machine h login v password wrong\nmachine h\n  password right\n  login u\n\
                    default login u password anywhere\n";
        let password = |host, user| find(text, host, user).map(|found| found.expose().clone());
        assert_eq!(password("h", "u").as_deref(), Some("right"));
        assert_eq!(password("elsewhere", "u").as_deref(), Some("anywhere"));
        assert_eq!(password("elsewhere", "w"), None);
        assert_eq!(find("machine h password", "h", "u").map(|found| found.expose().clone()), None);
    }
}
