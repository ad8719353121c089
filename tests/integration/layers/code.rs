//! Rust source without comments and literals, as words and paths. No parser: what it cannot tell apart it reports.

/// What is left of a source file when comments, strings and characters are blank.
pub(super) struct Code(String);

impl Code {
    pub(super) fn of(source: &str) -> Self {
        let mut code = String::new();
        let mut rest = source;
        while let Some(first) = rest.chars().next() {
            let skipped = comment(rest).or_else(|| string(rest, &code)).or_else(|| character(rest));
            code.push(if skipped.is_some() { ' ' } else { first });
            rest = &rest[skipped.unwrap_or(first.len_utf8())..];
        }
        Self(code)
    }

    /// All identifiers and keywords, in order.
    pub(super) fn words(&self) -> Vec<&str> {
        self.0.split(|c| !in_word(c)).filter(|word| !word.is_empty()).collect()
    }

    /// The same without methods, which may be called as a crate is.
    pub(super) fn names(&self) -> Vec<&str> {
        let tokens = tokens(&self.0);
        let is_method = |index: usize| index > 0 && [".", "fn"].contains(&tokens[index - 1]);
        let named = tokens.iter().enumerate().filter(|(index, token)| token.starts_with(in_word) && !is_method(*index));
        named.map(|(_, token)| *token).collect()
    }

    /// What follows `crate::`, `hestat::` or enough `super::` to leave the room: room and item in it.
    pub(super) fn crate_paths(&self, file: &str) -> Vec<(String, String)> {
        let tokens = tokens(&self.0);
        let mut found = Vec::new();
        let mut inside_modules = 0;
        let mut open_braces = Vec::new();
        for (index, token) in tokens.iter().enumerate() {
            match *token {
                "{" => {
                    let module = index >= 2 && tokens[index - 2] == "mod";
                    open_braces.push(module);
                    inside_modules += usize::from(module);
                }
                "}" => inside_modules -= usize::from(open_braces.pop().unwrap_or(false)),
                "crate" | "hestat" if tokens.get(index + 1) == Some(&"::") => {
                    found.extend(first_two_segments(&tokens[index + 2..]));
                }
                "super" if index < 2 || tokens[index - 2] != "super" => {
                    let supers = tokens[index..].chunks(2).take_while(|pair| **pair == ["super", "::"]).count();
                    if supers >= depth(file) + inside_modules {
                        found.extend(first_two_segments(&tokens[index + 2 * supers..]));
                    }
                }
                _ => {}
            }
        }
        found
    }
}

/// How many `super::` lead from a file's own module to the crate.
fn depth(file: &str) -> usize {
    let folders = file.matches('/').count();
    if file.ends_with("mod.rs") { folders } else { folders + 1 }
}

/// The first two segments of each path that begins here; a brace begins several.
fn first_two_segments(tokens: &[&str]) -> Vec<(String, String)> {
    branches(tokens)
        .into_iter()
        .flat_map(|(room, rest)| match rest {
            ["::", after @ ..] => branches(after).into_iter().map(|(item, _)| (room.into(), item.into())).collect(),
            _ => vec![(room.to_owned(), String::new())],
        })
        .collect()
}

/// The segments that begin here, each with what follows it: one, or all between a brace's commas.
fn branches<'t, 's>(tokens: &'t [&'s str]) -> Vec<(&'s str, &'t [&'s str])> {
    let ["{", inside @ ..] = tokens else {
        return tokens.split_first().map(|(first, rest)| (*first, rest)).into_iter().collect();
    };
    let (mut deep, mut begins, mut found) = (0_usize, true, Vec::new());
    for (index, token) in inside.iter().enumerate() {
        match *token {
            "}" if deep == 0 => break,
            "}" => deep -= 1,
            "{" => deep += 1,
            "," if deep == 0 => begins = true,
            segment if begins => {
                found.push((segment, &inside[index + 1..]));
                begins = false;
            }
            _ => {}
        }
    }
    found
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Words, `::`, and other signs one by one.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            _ if in_word(first) => rest.find(|c| !in_word(c)).unwrap_or(rest.len()),
            ':' if rest.starts_with("::") => 2,
            _ => first.len_utf8(),
        };
        let (token, after) = rest.split_at(length);
        tokens.push(token);
        rest = after.trim_start();
    }
    tokens
}

/// Length of the comment that begins here.
fn comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    text.strip_prefix("/*")?;
    let (mut deep, mut at) = (0_usize, 0);
    while at < text.len() {
        match text.as_bytes()[at..] {
            [b'/', b'*', ..] => (deep, at) = (deep + 1, at + 2),
            [b'*', b'/', ..] => (deep, at) = (deep - 1, at + 2),
            _ => at += 1,
        }
        if deep == 0 {
            return Some(at);
        }
    }
    Some(text.len())
}

/// Length of the string that begins here, plain or raw; `before` is the code up to here.
fn string(text: &str, before: &str) -> Option<usize> {
    let raw = text.strip_prefix("br").or_else(|| text.strip_prefix('r')).filter(|_| !before.ends_with(in_word));
    if let Some(raw) = raw {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let opening = text.len() - raw.len() + hashes + 1;
            let closing = format!("\"{}", "#".repeat(hashes));
            return Some(
                opening + text[opening..].find(&closing).map_or(text.len() - opening, |at| at + closing.len()),
            );
        }
    }
    text.strip_prefix('"').map(|inside| 1 + after_closing(inside, '"'))
}

/// Length of the character literal that begins here; a lifetime is none.
fn character(text: &str) -> Option<usize> {
    let inside = text.strip_prefix('\'')?;
    let mut characters = inside.chars();
    let (first, second) = (characters.next()?, characters.next()?);
    (first == '\\' || second == '\'').then(|| 1 + after_closing(inside, '\''))
}

/// Bytes up to and with the first `mark` that no backslash stands before.
fn after_closing(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == mark && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}
