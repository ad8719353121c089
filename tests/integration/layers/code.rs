//! Rust source as tokens, without comments and literals, and the paths in it.

use std::str::FromStr;

use proc_macro2::{TokenStream, TokenTree};

/// The identifiers and punctuation of a source file, in order; `::` is one token.
pub(super) struct Code(Vec<String>);

/// The segments of a path from the root of the crate.
pub(super) type CratePath = Vec<String>;

impl Code {
    pub(super) fn of(source: &str) -> Self {
        let mut tokens = Vec::new();
        flatten(TokenStream::from_str(source).expect("the source is Rust"), &mut tokens);
        Self(tokens)
    }

    /// The same without its unit tests.
    pub(super) fn without_tests(mut self) -> Self {
        let cfg_test = ["#", "[", "cfg", "(", "test", ")", "]", "mod"];
        while let Some(start) = self.0.windows(cfg_test.len()).position(|tokens| tokens == cfg_test) {
            let name_end = start + cfg_test.len() + 1;
            let end = match self.0[name_end].as_str() {
                "{" => closing_brace(&self.0, name_end),
                _ => name_end,
            };
            self.0.drain(start..=end);
        }
        self
    }

    /// All identifiers and keywords.
    pub(super) fn words(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).filter(|token| is_word(token)).collect()
    }

    /// The same without methods, which may have the name of a crate.
    pub(super) fn names(&self) -> Vec<&str> {
        let is_method = |index: usize| index > 0 && [".", "fn"].contains(&self.0[index - 1].as_str());
        let named = self.0.iter().enumerate().filter(|(index, token)| is_word(token) && !is_method(*index));
        named.map(|(_, token)| token.as_str()).collect()
    }

    /// All paths that begin with `crate`, `hestat`, `self` or `super` in `module`. A brace stands for several paths.
    pub(super) fn paths(&self, module: &[String]) -> Vec<CratePath> {
        self.located_paths(module).into_iter().map(|(_, path)| path).collect()
    }

    /// The items that the file re-exports: their names and paths.
    pub(super) fn re_exports(&self, module: &[String]) -> Vec<(String, CratePath)> {
        let of_use = |(start, path): (usize, CratePath)| {
            let is_public_use =
                start >= 2 && self.0[start - 1] == "use" && [")", "pub"].contains(&self.0[start - 2].as_str());
            is_public_use.then_some(path)
        };
        let mut exports: Vec<CratePath> = self.located_paths(module).into_iter().filter_map(of_use).collect();
        // `pub use child::Item` is relative to the module, without `self`.
        for start in 2..self.0.len() {
            let is_public_use = self.0[start - 1] == "use" && [")", "pub"].contains(&self.0[start - 2].as_str());
            if is_public_use && !["crate", "self", "super", "std"].contains(&self.0[start].as_str()) {
                exports.extend(branches(&self.0[start..]).into_iter().map(|path| [module, &path].concat()));
            }
        }
        exports.into_iter().filter_map(|path| Some((path.last()?.clone(), path))).collect()
    }

    fn located_paths(&self, module: &[String]) -> Vec<(usize, CratePath)> {
        let (mut found, mut inline) = (Vec::new(), Vec::new());
        for (index, token) in self.0.iter().enumerate() {
            let is_path_start =
                self.0.get(index + 1).is_some_and(|next| next == "::") && (index == 0 || self.0[index - 1] != "::");
            match token.as_str() {
                "{" => inline.push((index >= 2 && self.0[index - 2] == "mod").then(|| self.0[index - 1].clone())),
                "}" => _ = inline.pop(),
                "crate" | "hestat" if is_path_start => {
                    found.extend(branches(&self.0[index + 2..]).into_iter().map(|path| (index, path)));
                }
                "self" | "super" if is_path_start => {
                    let mut from: CratePath = [module, &inline.iter().flatten().cloned().collect::<Vec<_>>()].concat();
                    let mut rest = index;
                    while ["self", "super"].contains(&self.0[rest].as_str()) && self.0[rest + 1] == "::" {
                        if self.0[rest] == "super" {
                            from.pop();
                        }
                        rest += 2;
                    }
                    let paths =
                        branches(&self.0[rest..]).into_iter().map(|path| (index, [from.clone(), path].concat()));
                    found.extend(paths);
                }
                _ => {}
            }
        }
        found
    }
}

/// The module of a file below `src`.
pub(super) fn module_of(file: &str) -> Vec<String> {
    let path = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if ["lib", "main", "mod"].contains(&path) { Vec::new() } else { path.split('/').map(str::to_owned).collect() }
}

fn flatten(stream: TokenStream, tokens: &mut Vec<String>) {
    for tree in stream {
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    _ => ("(", ")"),
                };
                tokens.push(open.into());
                flatten(group.stream(), tokens);
                tokens.push(close.into());
            }
            TokenTree::Ident(name) => tokens.push(name.to_string()),
            TokenTree::Punct(mark) if mark.as_char() == ':' && tokens.last().is_some_and(|last| last == ":") => {
                *tokens.last_mut().unwrap() = "::".into();
            }
            TokenTree::Punct(mark) => tokens.push(mark.as_char().into()),
            // Stands for any literal.
            TokenTree::Literal(_) => tokens.push("\"\"".into()),
        }
    }
}

fn is_word(token: &str) -> bool {
    token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The index of the brace that closes the one at `open`.
fn closing_brace(tokens: &[String], open: usize) -> usize {
    let mut depth = 0_usize;
    for (index, token) in tokens.iter().enumerate().skip(open) {
        match token.as_str() {
            "{" => depth += 1,
            "}" if depth == 1 => return index,
            "}" => depth -= 1,
            _ => {}
        }
    }
    tokens.len() - 1
}

/// The paths that begin here: one, or one for each element of a brace. `x as y` counts as `x`, `*` as a segment.
fn branches(tokens: &[String]) -> Vec<CratePath> {
    let Some(first) = tokens.first() else { return Vec::new() };
    if first != "{" {
        if !is_word(first) && first != "*" {
            return Vec::new();
        }
        let rest = match tokens.get(1).map(String::as_str) {
            Some("::") => branches(&tokens[2..]),
            _ => Vec::new(),
        };
        let itself = if first == "self" { Vec::new() } else { vec![first.clone()] };
        return if rest.is_empty() {
            vec![itself]
        } else {
            rest.into_iter().map(|path| [itself.clone(), path].concat()).collect()
        };
    }
    let end = closing_brace(tokens, 0);
    let (mut found, mut depth, mut begins) = (Vec::new(), 0_usize, true);
    for index in 1..end {
        match tokens[index].as_str() {
            "," if depth == 0 => begins = true,
            "{" if !begins => depth += 1,
            "}" => depth -= 1,
            _ if begins => {
                found.extend(branches(&tokens[index..]));
                begins = false;
                depth += usize::from(tokens[index] == "{");
            }
            _ => {}
        }
    }
    found
}
