// SPDX-License-Identifier: GPL-3.0-or-later

//! The events in Zeitgeist's database. Only the program `privacy-panel-zeitgeist` calls this, so
//! that no other program loads `SQLite`, which would take a seventh of the time of `privacyctl
//! get`.
//!
//! Source: zeitgeist 1.0.4, libzeitgeist/sql-schema.vala and libzeitgeist/utils.vala. A row of
//! `event` is one subject of an event; the other tables hold the values that rows refer to. The
//! table `extensions_conf` has the rules of what is never recorded, which stay.
//!
//! Zeitgeist's own deletion runs triggers that count, for each row, all rows with the same value.
//! So its time grows with the square of the number of events. This module turns the triggers off,
//! and does their work once at the end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::FILE;
use crate::history::Span;
use crate::history::source::Problem;
use crate::system::limits;

/// The folder with the index for full-text search. Zeitgeist rebuilds it.
const INDEX: &str = "fts.index";

/// The events of a database.
pub(super) struct Events {
    pub(super) file: PathBuf,
}

/// The tables with values, and the columns of `event` that refer to them.
const VALUES: [(&str, &[&str]); 6] = [
    (
        "uri",
        &[
            "subj_id",
            "subj_id_current",
            "subj_origin",
            "subj_origin_current",
            "origin",
        ],
    ),
    ("text", &["subj_text"]),
    ("payload", &["payload"]),
    ("storage", &["subj_storage"]),
    ("mimetype", &["subj_mimetype"]),
    ("actor", &["actor"]),
];

impl Events {
    /// How many events of a span there are. Changes nothing.
    pub(super) fn count(&self, span: Span) -> Result<usize, Problem> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags).map_err(self.refused())?;
        count(&connection, span).map_err(self.refused())
    }

    /// How many of some events there are. Changes nothing.
    pub(super) fn count_of(&self, events: &[u32]) -> Result<usize, Problem> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.file, flags).map_err(self.refused())?;
        let count = || {
            let mut query = connection.prepare("SELECT 1 FROM event WHERE id = ?1")?;
            let mut found = 0;
            for event in events {
                found += usize::from(query.exists([event])?);
            }
            Ok(found)
        };
        count().map_err(self.refused())
    }

    /// Removes the events of a span, and erases their bytes from the files. Returns how many there
    /// were, and why bytes are left in a file. On an error, nothing was removed.
    pub(super) fn clear(
        &self,
        span: Span,
        is_cancelled: impl FnOnce() -> bool,
    ) -> Result<(usize, Option<Problem>), Problem> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection =
            Connection::open_with_flags(&self.file, flags).map_err(self.refused())?;
        let removed = self.clear_rows(&mut connection, span, is_cancelled)?;
        let rest = self.clear_rest(connection, span);
        Ok((removed, rest.err()))
    }

    /// Removes the traces of the events outside the tables.
    fn clear_rest(&self, connection: Connection, span: Span) -> Result<(), Problem> {
        let left = count(&connection, span).map_err(self.refused())?;
        if span.is_everything() {
            // Writes a new file, without the deleted rows. For a span, they are overwritten.
            connection.execute_batch("VACUUM").map_err(self.refused())?;
        }
        // Empties the log, which has the deleted rows, too. A reader can prevent it.
        let is_busy: bool = connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
            .map_err(self.refused())?;
        drop(connection);
        self.remove_copies(span)?;
        if left > 0 || is_busy {
            return Err(Problem::StillThere);
        }
        Ok(())
    }

    fn clear_rows(
        &self,
        connection: &mut Connection,
        span: Span,
        is_cancelled: impl FnOnce() -> bool,
    ) -> Result<usize, Problem> {
        connection
            .busy_timeout(limits::BUS_PATIENCE)
            .and_then(|()| {
                let overwrites = !span.is_everything();
                connection.pragma_update(None, "secure_delete", overwrites)
            })
            .map_err(self.refused())?;
        let change = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(self.refused())?;
        let removed = count(&change, span).map_err(self.refused())?;
        delete(&change, span).map_err(self.refused())?;
        // Without a commit, nothing has changed.
        if is_cancelled() {
            return Err(Problem::Cancelled);
        }
        change.commit().map_err(self.refused())?;
        Ok(removed)
    }

    /// Removes the index and, with everything, the copies that Zeitgeist made before it changed the
    /// database to a new version.
    fn remove_copies(&self, span: Span) -> Result<(), Problem> {
        let Some(folder) = self.file.parent() else {
            return Ok(());
        };
        let failed = |path: &Path, error: io::Error| Problem::Unreadable(path.to_owned(), error);
        let index = folder.join(INDEX);
        match fs::remove_dir_all(&index) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(failed(&index, error));
            }
            _ => {}
        }
        if !span.is_everything() {
            return Ok(());
        }
        for entry in fs::read_dir(folder).map_err(|error| failed(folder, error))? {
            let path = entry.map_err(|error| failed(folder, error))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let is_copy = name.starts_with(FILE) && name.ends_with(".bck");
            if is_copy {
                fs::remove_file(&path).map_err(|error| failed(&path, error))?;
            }
        }
        Ok(())
    }

    fn refused(&self) -> impl Fn(rusqlite::Error) -> Problem {
        |error| Problem::Broken(self.file.clone(), error.to_string())
    }
}

fn count(connection: &Connection, span: Span) -> rusqlite::Result<usize> {
    let (first, last) = span.bounds();
    let events = "SELECT COUNT(DISTINCT id) FROM event WHERE timestamp BETWEEN ?1 AND ?2";
    let count: i64 = connection.query_row(events, params![first, last], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

fn delete(change: &Transaction, span: Span) -> rusqlite::Result<()> {
    let triggers: Vec<(String, String)> = change
        .prepare("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql IS NOT NULL")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<Result<_, _>>()?;
    for (name, _) in &triggers {
        change.execute_batch(&format!("DROP TRIGGER \"{}\"", name.replace('"', "\"\"")))?;
    }
    if span.is_everything() {
        change.execute("DELETE FROM event", [])?;
    } else {
        let (first, last) = span.bounds();
        change.execute(
            "DELETE FROM event WHERE timestamp BETWEEN ?1 AND ?2",
            params![first, last],
        )?;
    }
    for (table, columns) in VALUES {
        let used: Vec<_> = columns
            .iter()
            .map(|column| format!("SELECT {column} FROM event WHERE {column} IS NOT NULL"))
            .collect();
        let used = used.join(" UNION ");
        change.execute(&format!("DELETE FROM {table} WHERE id NOT IN ({used})"), [])?;
    }
    for (_, sql) in &triggers {
        change.execute_batch(sql)?;
    }
    Ok(())
}
