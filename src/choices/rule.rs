// SPDX-License-Identifier: GPL-3.0-or-later

//! What a stored value means: on, off, or neither; and which value to store for on or off.
//!
//! A store reads its [`Place`]s, each with a [`Rule`]. [`answer`] and [`changes`] turn them into a
//! reader's answer and its writes, in the same way for every store. A store may define its own
//! rule. [`Names`] is the rule for keys that hold lists.

use std::collections::HashSet;

use glib::Variant;
use glib::prelude::*;

use crate::choices::state::State;
use crate::choices::store::{Answer, Obeyed, Part, Request, Stored};
use crate::system::settings::{Origin, Reading};

/// What the values in one place mean.
pub trait Rule {
    /// What a program does with the value. `None`: nothing is stored.
    fn state(&self, value: Option<&Variant>) -> State;

    /// The value to store for on or off. `None`: store nothing.
    fn value(&self, on: bool) -> Option<Variant>;
}

/// One value for on and one for off. Any other value is neither.
#[derive(Clone, Debug, PartialEq)]
pub struct TwoValues {
    /// The value with which the program may send something.
    pub on: Variant,
    /// The value with which it sends nothing.
    pub off: Variant,
    /// The state if nothing is stored.
    pub missing: State,
}

impl Rule for TwoValues {
    fn state(&self, value: Option<&Variant>) -> State {
        match value {
            None => self.missing,
            Some(value) if *value == self.off => State::Off,
            Some(value) if *value == self.on => State::On,
            Some(_) => State::Mixed,
        }
    }

    fn value(&self, on: bool) -> Option<Variant> {
        Some(if on { &self.on } else { &self.off }.clone())
    }
}

/// A stored value means on or off, and its absence means the opposite. Another value in its place
/// has another purpose, so it is neither.
#[derive(Clone, Debug, PartialEq)]
pub struct Presence {
    /// The value to store.
    pub value: Variant,
    /// The parts of the value that the program fills in itself. Each path has the index of a part,
    /// then of a part of that, and so on.
    pub filled_in: Vec<Vec<usize>>,
    /// What the presence of the value means: [`State::On`] or [`State::Off`].
    pub present: State,
}

impl Rule for Presence {
    fn state(&self, value: Option<&Variant>) -> State {
        let filled_in: Vec<_> = self.filled_in.iter().map(Vec::as_slice).collect();
        match (value, self.present) {
            (Some(found), present) if is_same(found, &self.value, &filled_in) => present,
            (Some(_), _) => State::Mixed,
            (None, State::Off) => State::On,
            (None, State::On | State::Mixed) => State::Off,
        }
    }

    fn value(&self, on: bool) -> Option<Variant> {
        (State::from(on) == self.present).then(|| self.value.clone())
    }
}

/// Whether two values are equal, except for the parts at these paths.
fn is_same(found: &Variant, wanted: &Variant, but: &[&[usize]]) -> bool {
    if but.is_empty() {
        return found == wanted;
    }
    if but.iter().any(|place| place.is_empty()) {
        return true;
    }
    // The type inside a variant may differ.
    found.type_() == wanted.type_()
        && found.n_children() == wanted.n_children()
        && (0..wanted.n_children()).all(|part| {
            let below = but.iter().filter_map(|place| place.strip_prefix(&[part]));
            is_same(
                &found.child_value(part),
                &wanted.child_value(part),
                &below.collect::<Vec<_>>(),
            )
        })
}

/// Whether a value has a part at this path.
pub(crate) fn has_part(value: &Variant, place: &[usize]) -> bool {
    match place {
        [] => true,
        [part, rest @ ..] => {
            value.is_container()
                && *part < value.n_children()
                && has_part(&value.child_value(*part), rest)
        }
    }
}

/// One place of a store with its current value.
pub struct Place<'a> {
    /// What its values mean.
    pub rule: &'a dyn Rule,
    /// The display name, if a store has several places.
    pub name: String,
    /// The stored value. `None`: nothing is stored.
    pub value: Option<Variant>,
    /// Who decided. `None` if the store doesn't record it.
    pub origin: Option<Origin>,
    /// Whether the administrator locked it.
    pub locked: bool,
    /// Whether the user's own layer has a value, in force or under a lock.
    pub own: bool,
    /// Whether a request that is already fulfilled needs no write. Otherwise the default may
    /// change, or the state of a silent service is unknown.
    pub settled: bool,
}

impl<'a> Place<'a> {
    /// The place of a service that doesn't report its value.
    pub(crate) fn unknown(rule: &'a dyn Rule, name: String) -> Self {
        Self {
            rule,
            name,
            value: None,
            origin: None,
            locked: false,
            own: false,
            settled: false,
        }
    }

    fn state(&self) -> State {
        self.rule.state(self.value.as_ref())
    }
}

impl From<Place<'_>> for Stored {
    fn from(place: Place<'_>) -> Self {
        Self {
            value: place.value,
            origin: place.origin,
            locked: place.locked,
        }
    }
}

/// The answer for the places of a reader, at least one. `all_off`: the program is off for all
/// users, whatever the values.
pub fn answer(places: &[Place<'_>], all_off: bool) -> Answer {
    let part = |place: &Place<'_>| Part {
        id: place.name.clone(),
        name: place.name.clone(),
        on: place.state() != State::Off && !all_off,
    };
    let state = State::combine(places.iter().map(Place::state));
    let origin = places.iter().filter_map(|place| place.origin).max();
    Answer {
        state: if all_off {
            State::Off
        } else {
            state.unwrap_or(State::Mixed)
        },
        origin: if all_off {
            Some(Origin::Administrator)
        } else {
            origin
        },
        locked: all_off || places.iter().all(|place| place.locked),
        resettable: places.iter().any(|place| place.own),
        // Only the store knows the state without the user's own value, if it is known.
        on_reset: state.filter(|_| !all_off && !places.iter().any(|place| place.own)),
        pending: false,
        overruled: false,
        for_every_user: false,
        mode: None,
        // A single place is the program itself.
        parts: if places.len() > 1 {
            places.iter().map(part).collect()
        } else {
            Vec::new()
        },
        obeyed: Obeyed::Yes,
    }
}

/// The writes for a request: the indexes of the places to change, each with its new value.
/// `all_off`: the program is off for all users, so no write turns it on.
pub fn changes(
    places: &[Place<'_>],
    request: Request,
    all_off: bool,
) -> Vec<(usize, Option<Variant>)> {
    let on = match request {
        Request::Mode(_) => return Vec::new(),
        Request::Off if all_off => return Vec::new(),
        Request::Reset => {
            let own = places.iter().enumerate().filter(|(_, place)| place.own);
            return own.map(|(number, _)| (number, None)).collect();
        }
        Request::On => true,
        Request::Off => false,
    };
    let is_done = |place: &Place<'_>| place.settled && place.state() == State::from(on) && !all_off;
    let left = places.iter().enumerate();
    left.filter(|(_, place)| !is_done(place))
        .map(|(number, place)| (number, place.rule.value(on)))
        .collect()
}

/// A list of names, some of which belong to the reader. Other programs' names are never touched.
pub struct Names<'a> {
    /// The reader's names.
    pub ours: &'a [&'a str],
}

/// The change that a list needs.
#[derive(Debug, PartialEq, Eq)]
pub enum Change {
    /// None.
    Keep,
    /// Drop the user's own list.
    Drop,
    /// Replace the user's own list.
    Write(Variant),
}

impl Names<'_> {
    /// The change that a request needs. `member`: whether one of the reader's names belongs in the
    /// list.
    pub fn change(
        &self,
        list: &Reading,
        request: Request,
        member: impl Fn(&str) -> bool,
    ) -> Change {
        let below: HashSet<_> = members(&list.below).into_iter().collect();
        let wanted = |name: &str| match request {
            Request::Reset => below.contains(name),
            _ => member(name),
        };
        let ours: HashSet<_> = self.ours.iter().copied().collect();
        let old = members(&list.value);
        let mut new: Vec<&str> = old
            .iter()
            .copied()
            .filter(|name| !ours.contains(name) || wanted(name))
            .collect();
        let mut there: HashSet<_> = new.iter().copied().collect();
        for name in self.ours {
            if wanted(name) && there.insert(name) {
                new.push(name);
            }
        }
        let changed = new != old;

        if request == Request::Reset {
            return match (list.user_value, new == members(&list.below)) {
                (true, true) => Change::Drop,
                (true, false) if changed => Change::Write(new.to_variant()),
                _ => Change::Keep,
            };
        }
        // Off is written even if it is the default, so that it stays when the default changes.
        let pinned = list.user_value || !self.ours.iter().any(|name| wanted(name));
        if changed || !pinned {
            Change::Write(new.to_variant())
        } else {
            Change::Keep
        }
    }
}

/// A stored list, indexed for lookups of many names. Its length isn't limited.
pub struct Members<'a> {
    list: &'a Reading,
    value: HashSet<&'a str>,
    below: HashSet<&'a str>,
}

impl<'a> Members<'a> {
    /// Indexes the list, and the list below the user's own.
    pub fn of(list: &'a Reading) -> Self {
        Self {
            list,
            value: members(&list.value).into_iter().collect(),
            below: members(&list.below).into_iter().collect(),
        }
    }

    /// The list itself.
    pub const fn list(&self) -> &Reading {
        self.list
    }

    /// Whether a name is in the list.
    pub fn contains(&self, name: &str) -> bool {
        self.value.contains(name)
    }

    /// Who decided whether the name is in the list. If the user's list agrees with the list below
    /// about the name, the user changed it for other names.
    pub fn origin(&self, name: &str) -> Origin {
        if self.list.origin == Origin::You && self.value.contains(name) == self.below.contains(name)
        {
            self.list.below_origin
        } else {
            self.list.origin
        }
    }
}

fn members(list: &Variant) -> Vec<&str> {
    list.array_iter_str().into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: fn() -> TwoValues = || TwoValues {
        on: 1.to_variant(),
        off: 0.to_variant(),
        missing: State::On,
    };

    /// A place with the value, set by the user or not.
    fn place(rule: &dyn Rule, value: Option<i32>, own: bool) -> Place<'_> {
        Place {
            rule,
            name: format!("{value:?}"),
            value: value.map(|value| value.to_variant()),
            origin: Some(if own { Origin::You } else { Origin::Default }),
            locked: false,
            own,
            settled: true,
        }
    }

    #[test]
    fn one_value_is_on_and_one_is_off_and_any_other_is_neither() {
        let rule = RULE();
        let states = [None, Some(0), Some(1), Some(2)]
            .map(|value| rule.state(value.map(|value: i32| value.to_variant()).as_ref()));
        assert_eq!(states, [State::On, State::Off, State::On, State::Mixed]);
        // The same number with another type is another value.
        assert_eq!(rule.state(Some(&0_u32.to_variant())), State::Mixed);
    }

    #[test]
    fn an_entry_means_one_state_its_absence_the_other_and_another_entry_neither() {
        for (present, absent) in [(State::Off, State::On), (State::On, State::Off)] {
            let rule = Presence {
                value: "ours".to_variant(),
                filled_in: Vec::new(),
                present,
            };
            assert_eq!(rule.state(Some(&"ours".to_variant())), present);
            assert_eq!(rule.state(None), absent);
            assert_eq!(rule.state(Some(&"theirs".to_variant())), State::Mixed);
            assert_eq!(rule.value(present == State::On), Some("ours".to_variant()));
            assert_eq!(rule.value(absent == State::On), None);
        }
    }

    #[test]
    fn places_that_differ_are_mixed_and_each_is_a_part() {
        let rule = RULE();
        let places = [place(&rule, Some(0), true), place(&rule, None, false)];
        let found = answer(&places, false);
        assert_eq!(
            (found.state, found.origin),
            (State::Mixed, Some(Origin::You))
        );
        assert!(found.resettable && !found.locked);
        let parts: Vec<_> = found.parts.iter().map(|part| part.on).collect();
        assert_eq!(parts, [false, true]);
        assert_eq!(answer(&places[..1], false).parts, []);
    }

    #[test]
    fn off_for_every_user_is_off_and_locked_and_nothing_is_written_to_turn_it_off() {
        let rule = RULE();
        let places = [place(&rule, Some(1), true)];
        let found = answer(&places, true);
        assert_eq!(found.state, State::Off);
        assert_eq!(found.origin, Some(Origin::Administrator));
        assert!(found.locked && found.resettable);
        assert_eq!(changes(&places, Request::Off, true), []);
        assert_eq!(changes(&places, Request::On, true).len(), 1);
    }

    #[test]
    fn only_places_that_differ_or_are_not_settled_are_written() {
        let rule = RULE();
        let mut places = [
            place(&rule, Some(0), false),
            place(&rule, Some(2), true),
            place(&rule, None, false),
        ];
        let off = || Some(0.to_variant());
        let on = || Some(1.to_variant());
        assert_eq!(
            changes(&places, Request::Off, false),
            [(1, off()), (2, off())]
        );
        assert_eq!(changes(&places, Request::On, false), [(0, on()), (1, on())]);
        assert_eq!(changes(&places, Request::Reset, false), [(1, None)]);
        places[0].settled = false;
        assert_eq!(changes(&places, Request::Off, false).len(), 3);
    }

    fn value(text: &str) -> Variant {
        Variant::parse(None, text).unwrap()
    }

    #[test]
    fn what_a_service_fills_in_does_not_count_and_everything_else_does() {
        let ours = value("(['', '', 'x'], @aas [])");
        let same = |other: &str, but: &[&[usize]]| is_same(&value(other), &ours, but);
        assert!(same("(['', '', 'x'], @aas [])", &[]));
        assert!(!same("(['', '1', 'x'], @aas [])", &[]));
        assert!(same("(['', '1', 'x'], @aas [])", &[&[0, 1]]));
        assert!(same("(['7', '1', 'x'], @aas [])", &[&[0, 0], &[0, 1]]));
        assert!(!same("(['7', '1', 'y'], @aas [])", &[&[0, 0], &[0, 1]]));
        assert!(!same("(['', '1', 'x'], [['']])", &[&[0, 1]]));
        assert!(!same("(['', '1'], @aas [])", &[&[0, 1]]));
        assert!(same("(['', '1', 'x'], [['']])", &[&[0, 1], &[1]]));
    }

    #[test]
    fn a_variant_that_holds_something_else_is_something_else() {
        let ours = value("<('a', 1)>");
        assert!(is_same(&value("<('a', 2)>"), &ours, &[&[0, 1]]));
        for other in ["<'a'>", "<('a', 'b')>", "<@a{sv} {}>"] {
            assert!(!is_same(&value(other), &ours, &[&[0, 1]]), "{other}");
        }
    }

    #[test]
    fn a_place_leads_to_a_part_or_nowhere() {
        let value = value("(['', 'b'], <1>)");
        for place in [&[][..], &[0], &[0, 1], &[1], &[1, 0]] {
            assert!(has_part(&value, place), "{place:?}");
        }
        for place in [&[2][..], &[0, 2], &[0, 1, 0], &[1, 1]] {
            assert!(!has_part(&value, place), "{place:?}");
        }
    }

    fn reading(value: &[&str], below: &[&str], user_value: bool) -> Reading {
        Reading {
            value: value.to_variant(),
            origin: if user_value {
                Origin::You
            } else {
                Origin::Default
            },
            locked: false,
            user_value,
            below: below.to_variant(),
            below_origin: Origin::Default,
        }
    }

    fn change(reading: &Reading, request: Request) -> Change {
        let ours = ["ours.desktop", "too.desktop"];
        let names = Names { ours: &ours };
        names.change(reading, request, |_| request == Request::Off)
    }

    fn write(names: &[&str]) -> Change {
        Change::Write(names.to_variant())
    }

    #[test]
    fn other_members_keep_their_place_and_ours_come_and_go() {
        let before = reading(&["a", "ours.desktop", "b"], &[], true);
        assert_eq!(
            change(&before, Request::Off),
            write(&["a", "ours.desktop", "b", "too.desktop"])
        );
        assert_eq!(change(&before, Request::On), write(&["a", "b"]));
    }

    #[test]
    fn a_list_that_is_right_already_is_not_written() {
        let off = reading(&["too.desktop", "ours.desktop"], &[], true);
        assert_eq!(change(&off, Request::Off), Change::Keep);
        assert_eq!(
            change(&reading(&["a"], &[], true), Request::On),
            Change::Keep
        );
        assert_eq!(
            change(&reading(&[], &[], false), Request::Reset),
            Change::Keep
        );
    }

    #[test]
    fn off_is_written_even_where_the_default_is_off() {
        let all = ["ours.desktop", "too.desktop"];
        assert_eq!(
            change(&reading(&all, &all, false), Request::Off),
            write(&all)
        );
    }

    #[test]
    fn a_reset_drops_the_persons_list_only_when_nothing_else_is_in_it() {
        let only_ours = reading(&["ours.desktop"], &[], true);
        assert_eq!(change(&only_ours, Request::Reset), Change::Drop);
        let others_too = reading(&["a", "ours.desktop"], &[], true);
        assert_eq!(change(&others_too, Request::Reset), write(&["a"]));
    }

    #[test]
    fn a_list_made_for_other_names_decides_nothing_about_ours() {
        let others = reading(&["a"], &[], true);
        let members = Members::of(&others);
        assert_eq!(members.origin("ours.desktop"), Origin::Default);
        assert_eq!(members.origin("a"), Origin::You);
    }

    /// The CPU time of this thread, in nanoseconds. Wall-clock time would include other programs.
    fn worked() -> u64 {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
        text.split(' ').next().unwrap().parse().unwrap()
    }

    #[test]
    fn long_lists_are_changed_in_little_time() {
        let names = |count: usize, kind: &str| -> Vec<String> {
            (0..count)
                .map(|number| format!("{kind}-{number}"))
                .collect()
        };
        let (many, ours) = (names(50_000, "other"), names(1024, "ours"));
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let ours: Vec<_> = ours.iter().map(String::as_str).collect();
        let names = Names { ours: &ours };
        let began = worked();
        let reading = reading(&many, &many, true);
        let Change::Write(value) = names.change(&reading, Request::Off, |_| true) else {
            panic!("a write expected");
        };
        assert_eq!(value.n_children(), many.len() + ours.len());
        let reset = names.change(&reading, Request::Reset, |_| true);
        assert_eq!(reset, Change::Drop);
        // Comparing each name with each of the other list takes minutes.
        assert!(worked() - began < 15_000_000_000, "{}", worked() - began);
    }
}
