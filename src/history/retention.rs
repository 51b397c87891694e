// SPDX-License-Identifier: GPL-3.0-or-later

//! How long the lists of used files and apps keep their entries.
//!
//! GTK removes older entries of the recently used files whenever a program adds one (GNOME/gtk,
//! gtk/gtkrecentmanager.c, `gtk_recent_manager_real_changed()`): with a positive number it keeps that
//! many days, with 0 nothing, and with a negative number everything. KDE's activity manager counts in
//! months, and keeps everything with 0.
//!
//! Programs obey such a setting in the same sessions as the setting that turns the list off. So the
//! readers of the list tell whether the setting counts. In other sessions the panel doesn't show
//! it, since no program would obey.
//!
//! GNOME can also delete old files from the trash and from the folder for temporary files. The
//! panel doesn't offer that: these files belong to the user and are no record of activities, and a
//! decision about privacy shouldn't delete them.

mod places;

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, LazyLock};

use crate::choices::catalogue;
use crate::choices::catalogue::Catalogue;
use crate::choices::choice::ACTIVITY_HISTORY;
use crate::choices::reader::{Reader, Request};
use crate::choices::snapshot::Snapshot;
use crate::choices::store::{Store, Stored};
use crate::choices::watch::Subjects;
use crate::history::retention::places::{PLACES, Place};
use crate::system::settings::Origin;
use crate::system::settings::fault;

/// The most days that a user can choose.
const MOST_DAYS: i32 = 36_500;

/// The days of the longest month, so that the panel never promises an earlier removal.
const MONTH: i32 = 31;

/// The days that count as a month, for settings in months. Entries are kept no longer than wanted,
/// but at least one month.
const SHORT_MONTH: i32 = 30;

/// A list of used files or apps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// The recently used files that GTK programs share.
    RecentFiles,
    /// The files and apps that KDE's activity manager remembers.
    KdeActivities,
}

impl List {
    /// Every list.
    pub const ALL: [Self; 2] = [Self::RecentFiles, Self::KdeActivities];

    /// The name in JSON. Never translated.
    pub const fn id(self) -> &'static str {
        match self {
            Self::RecentFiles => "recent-files",
            Self::KdeActivities => "kde-activities",
        }
    }

    /// What the panel offers.
    pub const fn choices(self) -> [Keep; 4] {
        match self {
            Self::RecentFiles => [Keep::Days(1), Keep::Days(7), Keep::Days(30), Keep::Forever],
            Self::KdeActivities => [
                Keep::Months(1),
                Keep::Months(4),
                Keep::Months(12),
                Keep::Forever,
            ],
        }
    }
}

/// How long entries are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// This many days. With 0, nothing is kept.
    Days(i32),
    /// This many months.
    Months(i32),
    /// For ever.
    Forever,
}

impl Keep {
    /// The number of days, at most. `None`: for ever.
    pub const fn days(self) -> Option<i32> {
        match self {
            Self::Days(days) => Some(days),
            Self::Months(months) => Some(months.saturating_mul(MONTH)),
            Self::Forever => None,
        }
    }

    /// The number of months, for a setting in months.
    pub const fn months(self) -> Option<i32> {
        match self {
            Self::Months(months) => Some(months),
            Self::Days(_) | Self::Forever => None,
        }
    }

    /// The number of days, at most, for comparisons.
    pub fn longest(self) -> i32 {
        self.days().unwrap_or(i32::MAX)
    }
}

/// What a setting counts, and what its special values mean.
#[derive(Clone, Copy, Debug)]
enum Unit {
    /// Days. A negative number is for ever.
    Days,
    /// Months. 0 is for ever. With a negative number, everything is older.
    Months,
}

impl Unit {
    const fn keep(self, number: i32) -> Keep {
        match (self, number) {
            (Self::Days, ..=-1) | (Self::Months, 0) => Keep::Forever,
            (Self::Days, days) => Keep::Days(days),
            (Self::Months, ..=-1) => Keep::Days(0),
            (Self::Months, months) => Keep::Months(months),
        }
    }

    fn number(self, keep: Keep) -> i32 {
        match (self, keep) {
            (Self::Days, Keep::Forever) => -1,
            (Self::Days, keep) => keep.longest(),
            (Self::Months, Keep::Forever) => 0,
            (Self::Months, Keep::Months(months)) => months,
            (Self::Months, Keep::Days(days)) => (days / SHORT_MONTH).max(1),
        }
    }
}

/// As scripts write it: a number of days, or `forever`.
impl fmt::Display for Keep {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.days() {
            Some(days) => days.fmt(formatter),
            None => formatter.write_str("forever"),
        }
    }
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match (text, text.parse()) {
            ("forever", _) => Ok(Self::Forever),
            (_, Ok(days @ 1..=MOST_DAYS)) => Ok(Self::Days(days)),
            _ => Err(format!(
                "expected a number of days from 1 to {MOST_DAYS}, or “forever”"
            )),
        }
    }
}

/// The setting in force for a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// The list.
    pub list: List,
    /// How long entries are kept.
    pub keep: Keep,
    /// Who decided it.
    pub origin: Origin,
    /// Whether the administrator locked it.
    pub locked: bool,
}

/// Why the setting wasn't changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// No program of this session obeys such a setting.
    #[error("no program here obeys it")]
    NotHere,
    /// The administrator locked it.
    #[error("locked by the administrator")]
    Locked,
    /// It did not have the value afterwards.
    #[error("the setting was not saved")]
    NotSaved,
}

/// How long the entries of a list are kept. `None`: no program of this session obeys such a setting.
/// Blocks.
pub fn look(catalogue: &Catalogue, list: List) -> Option<Retention> {
    let now = Snapshot::fresh();
    let found: Vec<_> = obeyed(catalogue, &now, list)
        .iter()
        .flat_map(Obeyed::retentions)
        .map(|(_, found)| found)
        .collect();
    // If several settings may count, this takes the longest one: the panel never promises an
    // earlier removal.
    let longest = found.iter().max_by_key(|found| found.keep.longest())?;
    Some(Retention {
        locked: found.iter().all(|found| found.locked),
        ..*longest
    })
}

/// [`look`] for all lists whose setting a program of this session obeys.
pub fn look_at_all(catalogue: &Catalogue) -> Vec<Retention> {
    let lists = List::ALL.into_iter();
    lists.filter_map(|list| look(catalogue, list)).collect()
}

/// Sets how long a list keeps its entries, and reads the setting back. Settings in months round
/// down, to one month at least. Blocks.
///
/// # Errors
///
/// [`NotKept`]. Nothing was changed, or the setting doesn't have the value.
pub fn set(catalogue: &Catalogue, list: List, keep: Keep) -> Result<(), NotKept> {
    match look(catalogue, list) {
        None => return Err(NotKept::NotHere),
        Some(Retention { locked: true, .. }) => return Err(NotKept::Locked),
        Some(_) => {}
    }
    let now = Snapshot::fresh();
    let wanted = to_write(catalogue, &now, list).into_iter();
    let stores: Vec<_> = wanted
        .filter_map(|Obeyed { place, .. }| store(place, place.unit.number(keep)))
        .collect();
    let needs_settings = stores.iter().any(|store| !store.watched().keys.is_empty());
    if needs_settings && fault::before_writing().is_err() {
        return Err(NotKept::NotSaved);
    }
    for store in stores {
        // Reading back detects a write that is refused here.
        let writes = store.plan(&now, Request::On).unwrap_or_default();
        for write in writes.iter().filter(|write| write.is_allowed(&now)) {
            let _ = write.apply();
        }
        for write in writes {
            write.wait();
        }
    }
    let now = Snapshot::fresh();
    let found: Vec<_> = obeyed(catalogue, &now, list)
        .iter()
        .flat_map(Obeyed::retentions)
        .collect();
    let is_other = |(place, found): &(&Place, Retention)| {
        found.keep != place.unit.keep(place.unit.number(keep))
    };
    let others: Vec<_> = found.iter().filter(|found| is_other(found)).collect();
    if others.is_empty() && !found.is_empty() {
        Ok(())
    } else if !others.is_empty() && others.iter().all(|(_, found)| found.locked) {
        Err(NotKept::Locked)
    } else {
        Err(NotKept::NotSaved)
    }
}

/// Everything to watch for changes of [`look_at_all`].
pub fn subjects(catalogue: &Catalogue) -> Subjects {
    let stores = PLACES.iter().filter_map(|place| {
        let reader = reader(catalogue, place)?;
        let store = reading(place)?;
        let mut watched = store.watched();
        // A settings daemon may start.
        watched.owners = reader.watched().owners;
        Some((watched, store.service()))
    });
    Subjects::new(stores.collect())
}

/// A setting that a program of this session may obey, and what is stored in each of its places.
struct Obeyed {
    place: &'static Place,
    stored: Vec<Stored>,
}

impl Obeyed {
    fn retentions(&self) -> impl Iterator<Item = (&'static Place, Retention)> {
        let place = self.place;
        self.stored.iter().filter_map(move |stored| {
            let number = stored.value.as_ref().and_then(integer);
            Some((
                place,
                Retention {
                    list: place.list,
                    keep: place.unit.keep(number.or(place.missing)?),
                    // A program uses its default instead of a value of another type.
                    origin: stored
                        .origin
                        .filter(|_| number.is_some())
                        .unwrap_or(Origin::Default),
                    locked: stored.locked,
                },
            ))
        })
    }
}

/// A number in a setting or in a file, of the size that programs take.
fn integer(value: &glib::Variant) -> Option<i32> {
    let long = || i32::try_from(value.get::<i64>()?).ok();
    value.get().or_else(long)
}

/// The settings of a list that may count now.
fn obeyed(catalogue: &Catalogue, now: &Snapshot, list: List) -> Vec<Obeyed> {
    counting(catalogue, now, list, |place, stored| {
        place.missing.is_some() || stored.iter().any(|stored| stored.value.is_some())
    })
}

/// The settings of a list that count once each has a value.
fn to_write(catalogue: &Catalogue, now: &Snapshot, list: List) -> Vec<Obeyed> {
    counting(catalogue, now, list, |_, _| true)
}

fn counting(
    catalogue: &Catalogue,
    now: &Snapshot,
    list: List,
    counts: impl Fn(&Place, &[Stored]) -> bool,
) -> Vec<Obeyed> {
    let mut found = Vec::new();
    for (place, is_obeyed) in of_session(catalogue, now, list) {
        let store = reading(place);
        // A place that can't be read, or an older schema without such a key, has no value.
        let stored = store.and_then(|store| store.stored(now).ok());
        let stored = stored.unwrap_or_default();
        if stored.is_empty() || !counts(place, &stored) {
            continue;
        }
        found.push(Obeyed { place, stored });
        if is_obeyed == Some(true) {
            break;
        }
    }
    found
}

/// The settings of a list that a program obeys in this session, or may obey.
fn of_session<'a>(
    catalogue: &'a Catalogue,
    now: &'a Snapshot,
    list: List,
) -> impl Iterator<Item = (&'static Place, Option<bool>)> + 'a {
    let places = PLACES.iter().filter(move |place| place.list == list);
    places.filter_map(move |place| {
        let reader = reader(catalogue, place).filter(|reader| reader.has_program())?;
        let is_obeyed = reader.is_obeyed(now);
        (is_obeyed != Some(false)).then_some((place, is_obeyed))
    })
}

fn reader<'a>(catalogue: &'a Catalogue, place: &Place) -> Option<&'a Reader> {
    let mut readers = catalogue.readers_of(ACTIVITY_HISTORY);
    readers.find(|reader| reader.id == place.reader)
}

/// The store of a setting, for reading and watching it. It is parsed once.
fn reading(place: &Place) -> Option<Arc<dyn Store>> {
    static STORES: LazyLock<Vec<Option<Arc<dyn Store>>>> = LazyLock::new(|| {
        let places = PLACES.iter();
        places
            .map(|place| store(place, place.missing.unwrap_or_default()))
            .collect()
    });
    // Each reader has one setting.
    let at = PLACES
        .iter()
        .position(|other| other.reader == place.reader)?;
    STORES.get(at)?.clone()
}

/// The store of a setting, whose value for on is this number.
fn store(place: &Place, number: i32) -> Option<Arc<dyn Store>> {
    let table = place
        .table
        .replace("{on}", &number.to_string())
        .replace("{off}", &number.wrapping_add(1).to_string());
    let head = format!("name = \"-\"\nchoice = \"{}\"\n", ACTIVITY_HISTORY.id);
    let text = format!("{head}programs = [\"/\"]\n{table}");
    let parsed = catalogue::parse(Path::new("retention.toml"), text.as_bytes());
    Some(parsed.ok().flatten()?.store)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_user_may_write_is_a_number_of_days_or_forever() {
        for keep in List::RecentFiles.choices() {
            assert_eq!(keep.to_string().parse(), Ok(keep));
        }
        for text in ["0", "-1", "36501", "1.5", "7 days", "Forever", ""] {
            assert!(text.parse::<Keep>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_number_of_each_unit_means_what_programs_do_with_it() {
        for list in List::ALL {
            for place in PLACES.iter().filter(|place| place.list == list) {
                for keep in list.choices() {
                    assert_eq!(place.unit.keep(place.unit.number(keep)), keep);
                }
            }
        }
        assert_eq!(Unit::Days.keep(i32::MIN), Keep::Forever);
        assert_eq!(Unit::Days.keep(0), Keep::Days(0));
        assert_eq!(Unit::Months.keep(-1), Keep::Days(0));
        let months = |days| Unit::Months.number(Keep::Days(days));
        assert_eq!([1, 30, 59, 60, 365].map(months), [1, 1, 1, 2, 12]);
        assert_eq!(Keep::Months(4).to_string(), "124");
    }

    #[test]
    fn every_setting_is_a_valid_table_of_a_reader_file() {
        for place in PLACES {
            for number in [-1, 0, 1, MOST_DAYS] {
                assert!(store(place, number).is_some(), "{place:?}");
            }
        }
    }

    #[test]
    fn each_reader_has_one_setting_whose_store_is_parsed_once() {
        let stores: Vec<_> = PLACES.iter().filter_map(reading).collect();
        assert_eq!(stores.len(), PLACES.len());
        for (at, (place, store)) in PLACES.iter().zip(&stores).enumerate() {
            assert!(Arc::ptr_eq(store, &reading(place).unwrap()), "{place:?}");
            assert!(
                stores[..at].iter().all(|other| !Arc::ptr_eq(store, other)),
                "{place:?}"
            );
        }
    }
}
