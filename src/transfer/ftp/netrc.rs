//! Passwords in a `.netrc` file, in the format of ftp, curl and lftp: `machine HOST login USER password WORD`.

use crate::foundation::secret::Secret;

#[derive(Default)]
struct Entry<'t> {
    /// `None` in the `default` entry, which applies to every host.
    host: Option<&'t str>,
    /// `None` applies to every user.
    user: Option<&'t str>,
    password: Option<&'t str>,
}

impl Entry<'_> {
    fn applies_to(&self, host: &str, user: &str) -> bool {
        self.host.is_none_or(|named| named == host) && self.user.is_none_or(|named| named == user)
    }
}

/// Returns the password of `user` at `host` from the first entry that applies to both and has a password.
pub fn find(text: &str, host: &str, user: &str) -> Option<Secret<String>> {
    let mut applicable = entries(text).into_iter().filter(|entry| entry.applies_to(host, user));
    applicable.find_map(|entry| entry.password).map(|password| Secret::new(password.into()))
}

fn entries(text: &str) -> Vec<Entry<'_>> {
    let mut tokens = Tokens::new(text);
    let mut entries: Vec<Entry<'_>> = Vec::new();
    while let Some(keyword) = tokens.next() {
        match (keyword, entries.last_mut()) {
            ("machine", _) => {
                entries.extend(tokens.next().map(|host| Entry { host: Some(host), ..Entry::default() }));
            }
            ("default", _) => entries.push(Entry::default()),
            ("login", Some(entry)) => entry.user = tokens.next(),
            ("password", Some(entry)) => entry.password = tokens.next(),
            ("macdef", _) => tokens.skip_macro(),
            ("account", _) => {
                let _ = tokens.next();
            }
            _ => {}
        }
    }
    entries
}

/// The words of a `.netrc` file without its comment lines.
struct Tokens<'t> {
    lines: std::str::Lines<'t>,
    line: std::str::SplitWhitespace<'t>,
}

impl<'t> Tokens<'t> {
    fn new(text: &'t str) -> Self {
        Self { lines: text.lines(), line: "".split_whitespace() }
    }

    /// Skips the rest of a macro definition: its name, and its lines up to a blank one or the end of the file.
    fn skip_macro(&mut self) {
        self.line = "".split_whitespace();
        let _ = self.lines.find(|line| line.trim().is_empty());
    }
}

impl<'t> Iterator for Tokens<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        loop {
            if let Some(token) = self.line.next() {
                return Some(token);
            }
            let line = self.lines.find(|line| !line.trim_start().starts_with('#'))?;
            self.line = line.split_whitespace();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str, host: &str, user: &str) -> Option<String> {
        find(text, host, user).map(|found| found.expose().clone())
    }

    #[test]
    fn the_first_entry_that_applies_is_used() {
        let text = "# machine h login u password commented\nmachine other login u password no\n\
                    machine h login v password wrong\nmachine h\n  password right\n  login u\n\
                    default login u password anywhere\n";
        assert_eq!(password(text, "h", "u").as_deref(), Some("right"));
        assert_eq!(password(text, "elsewhere", "u").as_deref(), Some("anywhere"));
        assert_eq!(password(text, "elsewhere", "w"), None);
        assert_eq!(password("machine h password", "h", "u"), None);
    }

    #[test]
    fn a_macro_is_not_an_entry() {
        let text = "machine first login u password one\nmacdef init\nmachine host login x password y\n\
                    # put\ncd /inbox\n\nmachine host login x password z\n";
        assert_eq!(password(text, "host", "x").as_deref(), Some("z"));
        assert_eq!(password(text, "first", "u").as_deref(), Some("one"));
        assert_eq!(password("machine host\nmacdef init\npassword y\n \t\nlogin x\n", "host", "x"), None);
        assert_eq!(
            password("default login x macdef init\npassword y\r\n\r\npassword z\r\n", "h", "x").as_deref(),
            Some("z")
        );
    }

    #[test]
    fn a_macro_without_a_blank_line_extends_to_the_end_of_the_file() {
        for text in ["macdef init\nmachine host login x password y", "macdef init\nmachine host login x password y\n"] {
            assert_eq!(password(text, "host", "x"), None);
        }
        assert_eq!(password("machine host login x password y\nmacdef", "host", "x").as_deref(), Some("y"));
    }
}
