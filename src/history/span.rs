// SPDX-License-Identifier: GPL-3.0-or-later

//! Spans of time as users name them: the past hour, a calendar day, all time.
//!
//! Days are local days, including those with a daylight-saving change.

use std::str::FromStr;

use glib::{DateTime, TimeZone};
use serde::{Deserialize, Serialize};

/// How far a span reaches back from now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// 60 minutes.
    Hour,
    /// 24 hours.
    Day,
    /// Seven times 24 hours.
    Week,
}

impl Past {
    const fn hours(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::Day => 24,
            Self::Week => 7 * 24,
        }
    }
}

/// A span of time, in milliseconds since 1970.
///
/// A span without an end includes the future: if a wrong clock dated an entry ahead, the entry is
/// still recent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// `None`: it has no beginning.
    since: Option<i64>,
    /// The first moment after the span. `None`: it has no end.
    until: Option<i64>,
}

impl Span {
    /// All time, including entries without a date.
    pub const EVERYTHING: Self = Self {
        since: None,
        until: None,
    };

    /// From `past` before a moment, in milliseconds since 1970, into the future.
    pub const fn past(past: Past, now: i64) -> Self {
        Self {
            since: Some(now - past.hours() * 60 * 60 * 1000),
            until: None,
        }
    }

    /// From `past` before now into the future.
    pub fn past_from_now(past: Past) -> Self {
        Self::past(past, glib::real_time() / 1000)
    }

    /// From the first moment of `since` to the last of `until`: a date is a whole day. `None`: the
    /// span would end before it begins.
    pub fn between(since: Option<When>, until: Option<When>) -> Option<Self> {
        let span = Self {
            since: since.map(|when| when.first),
            until: until.map(|when| when.after),
        };
        match (span.since, span.until) {
            (Some(since), Some(until)) if until <= since => None,
            _ => Some(span),
        }
    }

    /// Whether it is [`Span::EVERYTHING`].
    pub fn is_everything(self) -> bool {
        self == Self::EVERYTHING
    }

    /// The first moment, in ISO 8601 with the local time zone. `None`: it has no beginning.
    pub fn since(self) -> Option<String> {
        self.since.and_then(iso_8601)
    }

    /// The first moment after the span, in ISO 8601 with the local time zone. `None`: it has no
    /// end.
    pub fn until(self) -> Option<String> {
        self.until.and_then(iso_8601)
    }

    /// Whether the span includes a moment.
    pub fn contains(self, moment: i64) -> bool {
        self.since.is_none_or(|since| since <= moment)
            && self.until.is_none_or(|until| moment < until)
    }

    /// Whether the span includes an entry with these dates. Only all time includes an entry without
    /// dates.
    pub(super) fn takes(self, dates: &[i64]) -> bool {
        self.is_everything() || dates.iter().any(|date| self.contains(*date))
    }

    /// The first and the last moment, for services that require both.
    pub(super) fn bounds(self) -> (i64, i64) {
        (
            self.since.unwrap_or(0),
            self.until.map_or(i64::MAX, |until| until - 1),
        )
    }
}

/// A moment or a day that the user named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The first millisecond of it.
    first: i64,
    /// The first millisecond after it.
    after: i64,
}

/// The text is neither a date nor a date with a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write a date such as 2026-11-24, or a date and a time such as 2026-11-24T15:00")]
pub struct WhenError;

impl When {
    /// A local calendar day.
    pub fn day(year: i32, month: i32, day: i32) -> Option<Self> {
        // Unlike midnight, noon exists on every day in every time zone.
        let zone = TimeZone::local();
        let noon = DateTime::new(&zone, year, month, day, 12, 0, 0.0).ok()?;
        Some(Self {
            first: start_of_day(&noon)?,
            after: start_of_day(&noon.add_days(1).ok()?)?,
        })
    }
}

/// ISO 8601. Without a time zone it is local time. A date alone is the whole day, and a time
/// without seconds the whole minute.
impl FromStr for When {
    type Err = WhenError;

    fn from_str(text: &str) -> Result<Self, WhenError> {
        let text = text.trim();
        if let Some((year, month, day)) = date(text) {
            return Self::day(year, month, day).ok_or(WhenError);
        }
        let zone = TimeZone::local();
        // GLib requires the seconds, which users leave out.
        let (moment, length) = if let Ok(moment) = DateTime::from_iso8601(text, Some(&zone)) {
            (moment, 1000)
        } else {
            let (before, zone_of_it) = split_zone(text);
            let whole = format!("{before}:00{zone_of_it}");
            let moment = DateTime::from_iso8601(&whole, Some(&zone)).map_err(|_| WhenError)?;
            (moment, 60 * 1000)
        };
        let first = milliseconds(&moment);
        Ok(Self {
            first,
            after: first + length,
        })
    }
}

/// Parses `2026-11-24`.
fn date(text: &str) -> Option<(i32, i32, i32)> {
    let mut parts = text.split('-');
    let mut next = |digits| {
        let part = parts.next()?;
        let whole = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        whole.then(|| part.parse().ok())?
    };
    let date = (next(4)?, next(2)?, next(2)?);
    parts.next().is_none().then_some(date)
}

/// Splits `2026-11-24T15:00+01:00` before the time zone.
fn split_zone(text: &str) -> (&str, &str) {
    let time = text.find(['T', 't', ' ']).unwrap_or(text.len());
    let zone = text[time..]
        .find(['Z', 'z', '+', '-'])
        .map_or(text.len(), |at| time + at);
    text.split_at(zone)
}

/// The first moment of the day that `noon` is in. If clocks go forward at midnight, it is later
/// than 0:00. If they go back at midnight, it is the first of two.
fn start_of_day(noon: &DateTime) -> Option<i64> {
    let zone = TimeZone::local();
    let (year, month, day) = (noon.year(), noon.month(), noon.day_of_month());
    let mut start = DateTime::new(&zone, year, month, day, 0, 0, 0.0).ok()?;
    while let Ok(earlier) = start.add_minutes(-30) {
        if (earlier.year(), earlier.month(), earlier.day_of_month()) != (year, month, day) {
            break;
        }
        start = earlier;
    }
    Some(milliseconds(&start))
}

fn iso_8601(moment: i64) -> Option<String> {
    let moment = DateTime::from_unix_local(moment.div_euclid(1000)).ok()?;
    moment.format_iso8601().ok().map(Into::into)
}

/// Milliseconds since 1970.
pub(super) fn milliseconds(moment: &DateTime) -> i64 {
    moment.to_unix() * 1000 + i64::from(moment.microsecond()) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 60 * 60 * 1000;

    fn when(text: &str) -> When {
        text.parse().expect(text)
    }

    #[test]
    fn the_past_hour_reaches_from_an_hour_ago_into_the_future() {
        let now = 1_700_000_000_000;
        let span = Span::past(Past::Hour, now);
        assert!(span.contains(now - HOUR));
        assert!(!span.contains(now - HOUR - 1));
        assert!(span.contains(now + 1000 * HOUR));
        assert!(Span::past(Past::Day, now).contains(now - 24 * HOUR));
        assert!(!Span::past(Past::Week, now).contains(now - 7 * 24 * HOUR - 1));
    }

    #[test]
    fn what_has_no_date_belongs_to_everything_alone() {
        assert!(Span::EVERYTHING.takes(&[]));
        assert!(!Span::past(Past::Week, 0).takes(&[]));
    }

    #[test]
    fn a_zone_that_is_written_counts_and_a_time_without_seconds_is_a_minute() {
        let exact = when("2026-11-24T15:00:00Z");
        assert_eq!(exact.after - exact.first, 1000);
        for text in [
            "2026-11-24T15:00Z",
            "2026-11-24T16:00+01:00",
            "2026-11-24T09:30-05:30",
        ] {
            assert_eq!(when(text).first, exact.first, "{text}");
            assert_eq!(when(text).after - when(text).first, 60 * 1000);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "yesterday",
            "24.11.2026",
            "2026-11",
            "2026-13-01",
            "2026-02-30",
            "2026-11-24T",
            "2026-11-24T25:00",
            "2026-11-24-01",
            "+026-11-24",
        ] {
            assert_eq!(text.parse::<When>(), Err(WhenError), "{text}");
        }
    }

    #[test]
    fn a_span_that_ends_before_it_begins_is_none() {
        let (early, late) = (when("2026-11-23"), when("2026-11-24"));
        assert_eq!(Span::between(Some(late), Some(early)), None);
        let one_day = Span::between(Some(early), Some(early)).unwrap();
        assert!(one_day.contains(early.first) && !one_day.contains(early.after));
        assert!(Span::between(None, None).unwrap().is_everything());
    }
}
