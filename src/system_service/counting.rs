// SPDX-License-Identifier: GPL-3.0-or-later

//! Limits how often a user may call.

use std::collections::HashMap;
use std::time::Instant;

use privacy_panel::system::limits;

/// The recent calls of each user.
#[derive(Debug, Default)]
pub(crate) struct Counting {
    calls: HashMap<u32, Vec<Instant>>,
}

impl Counting {
    /// Counts a call, unless the user has made too many recent ones.
    pub(crate) fn may_call(&mut self, user: u32, most: usize, now: Instant) -> bool {
        self.calls.retain(|_, calls| {
            calls.retain(|call| now.duration_since(*call) < limits::SYSTEM_SPAN);
            !calls.is_empty()
        });
        if self.calls.len() >= limits::SYSTEM_USERS && !self.calls.contains_key(&user) {
            return false;
        }
        let calls = self.calls.entry(user).or_default();
        let may = calls.len() < most;
        if may {
            calls.push(now);
        }
        may
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_user_may_call_some_times_a_minute_and_another_user_as_often() {
        let mut counting = Counting::default();
        let began = Instant::now();
        for _ in 0..3 {
            assert!(counting.may_call(1, 3, began));
        }
        assert!(!counting.may_call(1, 3, began + Duration::from_secs(59)));
        assert!(counting.may_call(2, 3, began));
        assert!(counting.may_call(1, 3, began + limits::SYSTEM_SPAN));
    }

    #[test]
    fn many_users_take_bounded_memory_and_old_ones_are_forgotten() {
        let mut counting = Counting::default();
        let began = Instant::now();
        let most = u32::try_from(limits::SYSTEM_USERS).unwrap_or_default();
        for user in 0..most {
            assert!(counting.may_call(user, 1, began));
        }
        assert!(!counting.may_call(most, 1, began));
        assert!(counting.may_call(most, 1, began + limits::SYSTEM_SPAN));
        assert_eq!(counting.calls.len(), 1);
    }
}
