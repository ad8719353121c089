//! FTP commands about files that use no data connection.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::session::Session;

impl Session {
    /// Resolves an FTP path below the server's root.
    pub(super) fn resolve(&self, name: &str) -> PathBuf {
        let full = if name.starts_with('/') { name.to_owned() } else { format!("{}/{name}", self.directory) };
        let parts = full.split('/').filter(|part| !matches!(*part, "" | "." | ".."));
        parts.fold(self.shared.root.clone(), |path, part| path.join(part))
    }

    pub(super) fn file_command(&mut self, verb: &str, argument: &str) -> io::Result<()> {
        let path = self.resolve(argument);
        let outcome = match verb {
            "PWD" => Ok(format!("257 \"{}\"", self.directory)),
            "CWD" => self.change_directory(argument),
            "MKD" => fs::create_dir(path).map(|()| format!("257 \"{argument}\"")),
            "RMD" => fs::remove_dir(path).map(|()| "250 deleted".into()),
            "DELE" => fs::remove_file(path).map(|()| "250 deleted".into()),
            "SIZE" => file(path).map(|meta| format!("213 {}", meta.len())),
            // Deliberately not the file's real time.
            "MDTM" => file(path).map(|_| "213 20240229123456".into()),
            "RNFR" => file(path.clone()).map(|_| {
                self.rename_from = Some(path);
                "350 ready".into()
            }),
            "RNTO" => self.rename(path),
            "REST" => {
                self.offset = argument.parse().unwrap_or_default();
                Ok("350 ready".into())
            }
            _ => Ok("502 not implemented".into()),
        };
        self.reply(&outcome.unwrap_or_else(|error| format!("550 {error}")))
    }

    fn change_directory(&mut self, argument: &str) -> io::Result<String> {
        let path = self.resolve(argument);
        if !path.is_dir() {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.directory = format!("/{}", path.strip_prefix(&self.shared.root).unwrap().display());
        Ok("250 OK".into())
    }

    fn rename(&mut self, path: PathBuf) -> io::Result<String> {
        let from = self.rename_from.take().ok_or(io::ErrorKind::NotFound)?;
        fs::rename(from, path).map(|()| "250 renamed".into())
    }
}

fn file(path: PathBuf) -> io::Result<fs::Metadata> {
    let meta = fs::metadata(path)?;
    if meta.is_file() { Ok(meta) } else { Err(io::ErrorKind::IsADirectory.into()) }
}
