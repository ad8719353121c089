//! Which files import which, and cycles among them.
//!
//! Imports between a module and its ancestors do not count: an ancestor declares and re-exports its descendants, and
//! they may use its items.

use std::collections::{BTreeMap, BTreeSet};

use super::code::{Code, CratePath, module_of};

/// The imports between files, each known by its module.
pub(super) struct Imports(BTreeMap<CratePath, BTreeSet<CratePath>>);

impl Imports {
    /// Reads the imports of `sources`: paths below `src` and their texts. Unit tests do not count.
    pub(super) fn of(sources: &[(String, String)]) -> Self {
        let is_test = |file: &str| file.contains("/tests/") || file.ends_with("/tests.rs");
        let files: Vec<(CratePath, Code)> = sources
            .iter()
            .filter(|(file, _)| !is_test(file) && file != "main.rs")
            .map(|(file, text)| (module_of(file), Code::of(text).without_tests()))
            .collect();
        let modules: BTreeSet<&CratePath> = files.iter().map(|(module, _)| module).collect();
        let exports: BTreeMap<CratePath, CratePath> = files
            .iter()
            .flat_map(|(module, code)| {
                code.re_exports(module).into_iter().map(|(name, path)| ([module.clone(), vec![name]].concat(), path))
            })
            .collect();
        let imports = files.iter().map(|(module, code)| {
            let used = code.paths(module).into_iter().map(|path| defining_module(&path, &modules, &exports));
            (module.clone(), used.filter(|used| !is_ancestor(used, module) && !is_ancestor(module, used)).collect())
        });
        Self(imports.collect())
    }

    /// The groups of files that import each other in a cycle.
    pub(super) fn cycles(&self) -> Vec<String> {
        let reachable: BTreeMap<&CratePath, BTreeSet<&CratePath>> =
            self.0.keys().map(|module| (module, self.reachable(module))).collect();
        let groups: BTreeSet<String> = reachable
            .iter()
            .filter(|(module, reached)| reached.contains(*module))
            .map(|(module, reached)| {
                let back =
                    reached.iter().filter(|other| reachable.get(*other).is_some_and(|from| from.contains(module)));
                back.map(|module| module.join("/")).collect::<Vec<_>>().join(", ")
            })
            .collect();
        groups.into_iter().collect()
    }

    /// The modules that a module imports, directly or through others.
    fn reachable<'m>(&'m self, module: &CratePath) -> BTreeSet<&'m CratePath> {
        let imports = |module| self.0.get(module).into_iter().flatten();
        let (mut reached, mut left): (BTreeSet<_>, Vec<_>) = (BTreeSet::new(), imports(module).collect());
        while let Some(module) = left.pop() {
            if reached.insert(module) {
                left.extend(imports(module));
            }
        }
        reached
    }
}

/// The module of the file in which the item at `path` is defined; re-exports are followed.
fn defining_module(
    path: &CratePath,
    modules: &BTreeSet<&CratePath>,
    exports: &BTreeMap<CratePath, CratePath>,
) -> CratePath {
    for length in 1..=path.len() {
        let prefix = &path[..length].to_vec();
        // A name may be both a module and an item that is exported beside it.
        let is_module = modules.contains(prefix) && length < path.len();
        if let Some(target) = exports.get(prefix).filter(|target| !is_module && *target != path) {
            return defining_module(&[&target[..], &path[length..]].concat(), modules, exports);
        }
    }
    let longest = (0..=path.len()).rev().map(|length| path[..length].to_vec());
    longest.into_iter().find(|prefix| modules.contains(prefix)).unwrap_or_default()
}

fn is_ancestor(ancestor: &CratePath, module: &CratePath) -> bool {
    module.starts_with(ancestor)
}
